// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "./BN254.sol";
import {HashToG1} from "./HashToG1.sol";

/// @title Many delivered node keys, checked by one pairing product
/// @notice e(C2, −P2)·e(H(id), Y)·e(C1, B2) = 1 for every node, as a batch check with random factors (Bellare, Garay, Rabin
/// 1998). The factors are the powers of one scalar w: with E_i the left side of node i, Π E_i^(w^i) = 1 is an equation in w of
/// degree k − 1 over the scalar field, with at most k − 1 roots unless every E_i is 1. w is a hash of everything the equations
/// depend on, so that a batch with a false equation passes with probability (k − 1)/r < 2^-240 per try.
///
/// Horner's rule sums Σ w^i·P_i from the last node to the first.
library DeliveryBatch {
    /// @notice Whether all nodes are right. Reverts on a bad point, a wrong hint, hints left over.
    /// @param ids Of the nodes; more ids than nodes: the first ids only take part in the product that the hints invert.
    /// @param nodes C1.x, C1.y, C2.x, C2.y each; at least one, at most as many as ids.
    /// @param hints Of all ids, see HashToG1; or empty: modexp.
    function isValid(
        uint256[4] memory Y,
        uint256[4] calldata B2,
        bytes32[] calldata ids,
        uint256[4][] calldata nodes,
        uint256[] calldata hints
    ) internal view returns (bool) {
        uint256 p = BN254.opaqueP();
        (uint256 points, uint256 w) = _transcript(Y, B2, ids, nodes);
        if (!_areG1(points, nodes.length, p)) revert BN254.PointInvalid();
        uint256 hashes = HashToG1.hashToG1(ids, nodes.length, hints, p);

        uint256[18] memory words; // Σ w^i·C2 (words 0, 1) with −P2, Σ w^i·H(id) (6, 7) with Y, Σ w^i·C1 (12, 13) with B2
        _putSums(words, w, points, hashes, nodes.length);
        (words[2], words[3], words[4], words[5]) =
            (BN254.NEG_P2_X_IM, BN254.NEG_P2_X_RE, BN254.NEG_P2_Y_IM, BN254.NEG_P2_Y_RE);
        (words[8], words[9], words[10], words[11]) = (Y[0], Y[1], Y[2], Y[3]);
        (words[14], words[15], words[16], words[17]) = (B2[0], B2[1], B2[2], B2[3]);
        return BN254.isPairing(words);
    }

    /// @dev The nodes in memory, and w: Fiat–Shamir over everything the equations depend on: Y, B2, every id (which holds chain,
    /// registry and pool) and point.
    function _transcript(
        uint256[4] memory Y,
        uint256[4] calldata B2,
        bytes32[] calldata ids,
        uint256[4][] calldata nodes
    ) private pure returns (uint256 points, uint256 w) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, mload(Y))
            mstore(add(m, 0x20), mload(add(Y, 0x20)))
            mstore(add(m, 0x40), mload(add(Y, 0x40)))
            mstore(add(m, 0x60), mload(add(Y, 0x60)))
            calldatacopy(add(m, 0x80), B2, 0x80)
            // Two lists of one length: nothing can be read in two ways.
            let size := shl(5, nodes.length)
            calldatacopy(add(m, 0x100), sub(add(ids.offset, shl(5, ids.length)), size), size)
            points := add(add(m, 0x100), size)
            calldatacopy(points, nodes.offset, shl(2, size))
            let end := add(points, shl(2, size))
            mstore(0x40, end)
            w := keccak256(m, sub(end, m))
        }
    }

    /// @dev Whether both points of each node are points, before a precompile is asked (BN254).
    function _areG1(uint256 points, uint256 nodes, uint256 p) private pure returns (bool ok) {
        assembly ("memory-safe") {
            ok := 1
            for { let end := add(points, shl(7, nodes)) } lt(points, end) { points := add(points, 0x40) } {
                let x := mload(points)
                let y := mload(add(points, 0x20))
                ok :=
                    and(
                        and(ok, and(lt(x, p), lt(y, p))),
                        eq(mulmod(y, y, p), addmod(mulmod(mulmod(x, x, p), x, p), 3, p))
                    )
            }
        }
    }

    /// @dev sum := w·sum + point, from the last node to the first, for C2, H(id), C1. Each sum lies where the pairing wants it,
    /// with w after it: the input of ecMul. Its product goes beside the point, on words that nobody needs any more, so that both
    /// are the input of ecAdd: for C2 on the next node's C1, for C1 on the C2, for H(id) on the free words before it.
    function _putSums(uint256[18] memory sums, uint256 w, uint256 points, uint256 hashes, uint256 nodes) private view {
        bool ok;
        assembly ("memory-safe") {
            let node := add(points, shl(7, sub(nodes, 1)))
            let hash := add(hashes, shl(7, sub(nodes, 1)))
            mstore(sums, mload(add(node, 0x40)))
            mstore(add(sums, 0x20), mload(add(node, 0x60)))
            mstore(add(sums, 0x40), w)
            mstore(add(sums, 0xc0), mload(add(hash, 0x40)))
            mstore(add(sums, 0xe0), mload(add(hash, 0x60)))
            mstore(add(sums, 0x100), w)
            mstore(add(sums, 0x180), mload(node))
            mstore(add(sums, 0x1a0), mload(add(node, 0x20)))
            mstore(add(sums, 0x1c0), w)
            ok := 1
            for {} gt(node, points) {} {
                node := sub(node, 0x80)
                hash := sub(hash, 0x80)
                ok := and(ok, staticcall(gas(), 7, sums, 0x60, add(node, 0x80), 0x40))
                ok := and(ok, staticcall(gas(), 6, add(node, 0x40), 0x80, sums, 0x40))
                ok := and(ok, staticcall(gas(), 7, add(sums, 0x180), 0x60, add(node, 0x40), 0x40))
                ok := and(ok, staticcall(gas(), 6, node, 0x80, add(sums, 0x180), 0x40))
                // That both precompiles are there is asked once a node: they do not come and go within a call.
                ok := and(ok, staticcall(gas(), 7, add(sums, 0xc0), 0x60, hash, 0x40))
                ok := and(ok, eq(returndatasize(), 0x40))
                ok := and(ok, staticcall(gas(), 6, hash, 0x80, add(sums, 0xc0), 0x40))
                ok := and(ok, eq(returndatasize(), 0x40))
            }
        }
        if (!ok) revert BN254.PrecompileFailed();
    }
}
