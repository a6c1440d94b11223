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

    function accumulate(uint256[15] memory sums, uint256 k) external view returns (uint256[15] memory) {
        BN254.accumulate(sums, k);
        return sums;
    }

    function isPairing2(uint256[12] memory words) external view returns (bool) {
        return BN254.isPairing(words);
    }

    function isPairing3(uint256[18] memory words) external view returns (bool) {
        return BN254.isPairing(words);
    }

    function hashToField(bytes32 message) external view returns (uint256 u0, uint256 u1) {
        return HashToG1.hashToField(message, BN254.opaqueP());
    }

    function hashToG1(bytes32 message) external view returns (uint256 x, uint256 y) {
        return HashToG1.hashToG1(message);
    }

    function hashToG1Hinted(bytes32 message, uint256[] calldata hints, uint256 at)
        external
        view
        returns (uint256 x, uint256 y, uint256 next)
    {
        uint256 start = _start(hints);
        (x, y, next) = HashToG1.hashToG1(message, start + 32 * at, BN254.opaqueP());
        next = (next - start) / 32;
    }

    function skipHints(uint256[] calldata hints, uint256 at) external pure returns (uint256 next) {
        return HashToG1.skipHints(hints, at);
    }

    function mapToG1(uint256 u) external view returns (uint256 x, uint256 y) {
        return HashToG1.mapToG1(u);
    }

    function mapToG1Hinted(uint256 u, uint256[] calldata hints, uint256 at)
        external
        view
        returns (uint256 x, uint256 y, uint256 next)
    {
        uint256 start = _start(hints);
        (x, y, next) = HashToG1.mapToG1(u, start + 32 * at, BN254.opaqueP());
        next = (next - start) / 32;
    }

    function gasOfHash(bytes32 message, uint256[] calldata hints) external view returns (uint256 used) {
        uint256 before = gasleft();
        if (hints.length == 0) HashToG1.hashToG1(message);
        else HashToG1.hashToG1(message, _start(hints), BN254.opaqueP());
        return before - gasleft();
    }

    function _start(uint256[] calldata words) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := words.offset
        }
    }
}
