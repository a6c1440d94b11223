// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MembershipToken} from "../MembershipToken.sol";
import {CompactSignature} from "../libraries/CompactSignature.sol";
import {CountTrace} from "../libraries/CountTrace.sol";
import {PackedLanes} from "../libraries/PackedLanes.sol";

/// @notice The lanes library, callable.
contract PackedLanesHarness {
    using PackedLanes for mapping(uint256 => uint256);

    mapping(uint256 => uint256) public words;

    function set(uint32 number, uint32 value) external returns (uint32) {
        return words.set(number, value);
    }

    /// @dev Puts dirty bits above a uint32 on the stack, as a faulty caller's assembly could.
    function setDirty(uint32 number, uint256 value) external returns (uint32) {
        uint32 narrow;
        assembly ("memory-safe") {
            narrow := value
        }
        return words.set(number, narrow);
    }

    function get(uint32 number) external view returns (uint32) {
        return words.get(number);
    }
}

/// @notice The trace library, callable; several changes in one call share a second.
contract CountTraceHarness {
    using CountTrace for CountTrace.Trace;

    CountTrace.Trace private _trace;

    function change(bool[] calldata ups) external {
        for (uint256 i; i < ups.length; ++i) _trace.change(ups[i]);
    }

    /// @dev As if one change had been made in each second from 4 * fromWord + 1 to 4 * toWord, each up.
    function fill(uint256 fromWord, uint256 toWord) external {
        for (uint256 index = fromWord; index < toWord; ++index) {
            uint256 word;
            for (uint256 lane; lane < 4; ++lane) {
                uint256 second = 4 * index + lane + 1;
                word |= (second << 32 | second) << (64 * lane);
            }
            _trace.words[index] = word;
        }
        _trace.head = 4 * toWord << 32;
    }

    function setNeighbour(uint32 value) external {
        _trace.setNeighbour(value);
    }

    function neighbour() external view returns (uint32) {
        return _trace.neighbour();
    }

    function length() external view returns (uint32) {
        return uint32(_trace.head >> 32);
    }

    function latest() external view returns (uint256) {
        return _trace.latest();
    }

    function at(uint256 time) external view returns (uint256) {
        return _trace.at(time);
    }
}

/// @notice The signature library, callable.
contract CompactSignatureHarness {
    function recover(bytes32 digest, bytes calldata signature) external view returns (address) {
        return CompactSignature.recover(digest, signature);
    }

    function recoverAt(bytes32 digest, bytes calldata signatures, uint256 position) external view returns (address) {
        return CompactSignature.recoverAt(digest, signatures, position);
    }

    function isBy(bytes32 digest, bytes calldata signature, address expected) external view returns (bool, address) {
        return CompactSignature.isBy(digest, signature, expected);
    }
}

/// @notice A membership that has assigned `ever` numbers already.
contract MembershipNearCapacity is MembershipToken {
    using CountTrace for CountTrace.Trace;

    constructor(address registry_, address market_, uint32 ever) MembershipToken(registry_, market_, 0) {
        _active.setNeighbour(ever);
    }

    function setJoins(address account, uint16 joins) external {
        Member memory member = _load(account);
        member.joins = joins;
        _store(account, member);
    }
}
