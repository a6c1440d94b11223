// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A payout address that takes no ETH
contract RefusingWallet {
    receive() external payable {
        revert("no, thank you");
    }
}

/// @title A payout address that answers a payment with 400,000 bytes, for the payer to read
contract TalkativeWallet {
    receive() external payable {
        assembly ("memory-safe") {
            return(0, 400000)
        }
    }
}

/// @title A payout address that calls back while it is being paid
contract ReenteringWallet {
    address private _target;
    bytes private _data;
    bool public reentered;
    bool public reentrySucceeded;

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function run(address target, bytes calldata data) external payable {
        (bool ok, bytes memory answer) = target.call{value: msg.value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    receive() external payable {
        if (_target != address(0)) {
            reentered = true;
            (reentrySucceeded,) = _target.call(_data);
        }
    }
}

/// @title Sends ETH to an address that refuses it, by self-destruction
contract ForcedPayment {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
