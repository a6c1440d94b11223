// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "../libraries/BN254.sol";
import {HashToG1} from "../libraries/HashToG1.sol";

/// @title BN254 and HashToG1 as external functions, for tests
contract HashToG1Harness {
    function isG1(uint256 x, uint256 y) external view returns (bool) {
        return BN254.isG1(x, y);
    }

    function requireG2Encoding(uint256[4] calldata q) external pure {
        BN254.requireG2Encoding(q);
    }

    function add(uint256[2] calldata a, uint256[2] calldata b) external view returns (uint256 x, uint256 y) {
        return BN254.add(a[0], a[1], b[0], b[1]);
    }

    function mul(uint256[2] calldata a, uint256 k) external view returns (uint256 x, uint256 y) {
        return BN254.mul(a[0], a[1], k);
    }

    function isPairing2(uint256[12] memory words) external view returns (bool) {
        return BN254.isPairing(words);
    }

    function isPairing3(uint256[18] memory words) external view returns (bool) {
        return BN254.isPairing(words);
    }

    function hashToField(bytes32 message) external view returns (uint256 u0, uint256 u1) {
        return HashToG1.hashToField(message, HashToG1.buffer(), BN254.opaqueP());
    }

    function hashToG1(bytes32 message) external view returns (uint256 x, uint256 y) {
        return HashToG1.hashToG1(message);
    }

    function mapToG1(uint256 u) external view returns (uint256 x, uint256 y) {
        return HashToG1.mapToG1(u);
    }

    /// @notice H of the last `count` messages.
    function hashToG1List(bytes32[] calldata messages, uint256 count, uint256[] calldata hints)
        external
        view
        returns (uint256[2][] memory points)
    {
        uint256 at = HashToG1.hashToG1(messages, count, hints, BN254.opaqueP());
        points = new uint256[2][](count);
        for (uint256 i = 0; i < count; ++i) {
            assembly ("memory-safe") {
                mstore(mload(add(add(points, 0x20), shl(5, i))), mload(add(add(at, shl(7, i)), 0x40)))
                mstore(add(mload(add(add(points, 0x20), shl(5, i))), 0x20), mload(add(add(at, shl(7, i)), 0x60)))
            }
        }
    }

    /// @notice Gas of a list; the return is an answer like any other.
    function gasOfHashes(bytes32[] calldata messages, uint256[] calldata hints) external view returns (uint256 used) {
        uint256 before = gasleft();
        HashToG1.hashToG1(messages, messages.length, hints, BN254.opaqueP());
        return before - gasleft();
    }
}
