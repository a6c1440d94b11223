// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "./BN254.sol";

/// @title Polynomials over Fr, known by the commitments a_k·P1 to their coefficients (Feldman 1987)
/// @notice Commitments come constant term first; every point must be valid. Indices are 1..n.
library Feldman {
    /// @notice keccak256 of the coordinates, x ‖ y of each point, 32 bytes each.
    function digest(uint256[2][] calldata points) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            calldatacopy(m, points.offset, shl(6, points.length))
            hash := keccak256(m, shl(6, points.length))
        }
    }

    /// @notice f(j)·P1 = Σ j^k·C_k, by Horner's rule.
    function evaluate(uint256[2][] calldata C, uint256 j) internal view returns (uint256 x, uint256 y) {
        uint256 k = C.length - 1;
        (x, y) = (C[k][0], C[k][1]);
        while (k != 0) {
            --k;
            (x, y) = BN254.mul(x, y, j);
            (x, y) = BN254.add(x, y, C[k][0], C[k][1]);
        }
    }

    /// @notice Add factor·C_(from + k) to sums[k], for each k.
    function addTo(uint256[2][] memory sums, uint256[2][] calldata C, uint256 from, uint256 factor) internal view {
        for (uint256 k = 0; k < sums.length; ++k) {
            (uint256 x, uint256 y) = (C[from + k][0], C[from + k][1]);
            if (factor != 1) (x, y) = BN254.mul(x, y, factor);
            (sums[k][0], sums[k][1]) = BN254.add(sums[k][0], sums[k][1], x, y);
        }
    }

    /// @notice λ_j = Π m / (m − j) mod r over the other indices m of the set: f(0) = Σ λ_j·f(j).
    /// @param set Bits, index i is bit i − 1; j is one of them.
    function lagrangeAtZero(uint32 set, uint256 j) internal view returns (uint256) {
        uint256 numerator = 1;
        uint256 denominator = 1;
        for (uint256 m = 1; m <= 32; ++m) {
            if (m == j || set >> (m - 1) & 1 == 0) continue;
            numerator = mulmod(numerator, m, BN254.R);
            denominator = mulmod(denominator, addmod(m, BN254.R - j, BN254.R), BN254.R);
        }
        return mulmod(numerator, _inverse(denominator), BN254.R);
    }

    /// @notice How many indices are in the set.
    function count(uint32 set) internal pure returns (uint256 members) {
        for (; set != 0; set &= set - 1) {
            ++members;
        }
    }

    /// @notice The `members` lowest indices of the set, which has as many.
    function lowest(uint32 set, uint256 members) internal pure returns (uint32 chosen) {
        for (; members != 0; --members) {
            uint32 rest = set & (set - 1);
            chosen |= set ^ rest;
            set = rest;
        }
    }

    /// @dev v^(r − 2) mod r by EIP-198.
    function _inverse(uint256 v) private view returns (uint256 result) {
        uint256 r = BN254.R;
        bool ok;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, 0x20)
            mstore(add(m, 0x20), 0x20)
            mstore(add(m, 0x40), 0x20)
            mstore(add(m, 0x60), v)
            mstore(add(m, 0x80), sub(r, 2))
            mstore(add(m, 0xa0), r)
            ok := staticcall(gas(), 5, m, 0xc0, m, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            result := mload(m)
        }
        if (!ok) revert BN254.PrecompileFailed();
    }
}
