// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TestDollar} from "../dev/TestDollar.sol";

/// @title Takes 1% of every transfer for itself
contract FeeOnTransferDollar is TestDollar {
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) {
            super._update(from, to, value);
            return;
        }
        super._update(from, address(this), value / 100);
        super._update(from, to, value - value / 100);
    }
}

/// @title Refuses transfers to or from whom it dislikes, and can stop altogether
contract BlacklistingDollar is TestDollar {
    mapping(address account => bool) public blacklisted;
    bool public paused;

    function setBlacklisted(address account, bool listed) external {
        blacklisted[account] = listed;
    }

    function setPaused(bool paused_) external {
        paused = paused_;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!paused && !blacklisted[from] && !blacklisted[to], "not you");
        super._update(from, to, value);
    }
}

/// @title Returns false instead of reverting, as some old tokens do
contract FalseDollar is TestDollar {
    bool public broken;

    function setBroken(bool broken_) external {
        broken = broken_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return !broken && super.transfer(to, value);
    }
}

/// @title Calls back before each transfer, with a call of the test's choice, and keeps what it is told as its fee
contract ReenteringDollar is TestDollar {
    address private _target;
    bytes private _data;
    uint256 private _fee;
    bool public reentryFailed;

    function arm(address target, bytes calldata data, uint256 fee) external {
        (_target, _data, _fee) = (target, data, fee);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (_target != address(0) && from != address(0)) {
            (address target, bytes memory data, uint256 fee) = (_target, _data, _fee);
            (_target, _fee) = (address(0), 0);
            (bool ok,) = target.call(data);
            reentryFailed = !ok;
            super._update(from, address(this), fee);
            value -= fee;
        }
        super._update(from, to, value);
    }
}

/// @title Moves its money and answers whatever a test says, not at all when it is dead; its balances can change by themselves
contract OddDollar is TestDollar {
    bytes private _answer;
    bool private _moves = true;
    bool private _dead;

    modifier alive() {
        require(!_dead, "dead");
        _;
    }

    function setAnswer(bytes calldata answer) external {
        _answer = answer;
    }

    /// @param moves Whether transfers do what they answer.
    function setMoves(bool moves) external {
        _moves = moves;
    }

    function setDead(bool dead) external {
        _dead = dead;
    }

    /// @notice A rebase: an account's balance grows, or shrinks, by nobody's doing.
    function rebase(address account, uint256 balance) external {
        _burn(account, super.balanceOf(account));
        _mint(account, balance);
    }

    function balanceOf(address account) public view override alive returns (uint256) {
        return super.balanceOf(account);
    }

    function transfer(address to, uint256 value) public override alive returns (bool) {
        if (_moves) _transfer(msg.sender, to, value);
        _tell();
    }

    function transferFrom(address from, address to, uint256 value) public override alive returns (bool) {
        if (_moves) _transfer(from, to, value);
        _tell();
    }

    function _tell() private view {
        bytes memory answer = _answer;
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }
}
