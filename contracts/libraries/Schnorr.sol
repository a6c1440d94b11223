// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "./BN254.sol";

/// @title Proofs about discrete logarithms in G1 of BN254, made non-interactive by Fiat and Shamir
/// @notice The caller hashes the challenge, over its domain tag, its context and every point: an unbound proof can be moved.
library Schnorr {
    /// @notice A hash as a scalar.
    function challenge(bytes32 digest) internal pure returns (uint256) {
        return uint256(digest) % BN254.R;
    }

    /// @notice Whether s·P1 = T + c·X: the prover knows x, X = x·P1 (Schnorr 1991). Reverts on points that are none.
    function isProof(uint256[2] calldata X, uint256[2] calldata T, uint256 s, uint256 c) internal view returns (bool) {
        BN254.requireG1(X[0], X[1]);
        BN254.requireG1(T[0], T[1]);
        if (s >= BN254.R) return false;
        (uint256 lx, uint256 ly) = BN254.mul(1, 2, s);
        (uint256 rx, uint256 ry) = BN254.mul(X[0], X[1], c);
        (rx, ry) = BN254.add(T[0], T[1], rx, ry);
        return lx == rx && ly == ry;
    }

    /// @notice s·B − c·X: what the prover's commitment k·B was, if X = x·B and s = k + c·x (Chaum, Pedersen 1992: with two
    /// bases and one s, it shows that both logarithms are equal). The points must be valid, s and c below r.
    function commitment(uint256[2] memory B, uint256[2] calldata X, uint256 s, uint256 c)
        internal
        view
        returns (uint256[2] memory T)
    {
        (uint256 lx, uint256 ly) = BN254.mul(B[0], B[1], s);
        (uint256 rx, uint256 ry) = BN254.mul(X[0], X[1], c);
        // The precompile takes y = p only as 0, and no point has y = 0 but infinity, (0, 0).
        (T[0], T[1]) = BN254.add(lx, ly, rx, ry == 0 ? 0 : BN254.P - ry);
    }
}
