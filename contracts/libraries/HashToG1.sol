// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "./BN254.sol";

/// @title Hash of a 32-byte message to G1 of BN254
/// @notice RFC 9380: expand_message_xmd (5.3.1) with Keccak-256, hash_to_field (5.2) with L = 48, count = 2, the
/// Shallue–van de Woestijne map (6.6.1, straight-line program of appendix F.1) with Z = 1; cofactor 1, so nothing to clear.
///
/// The map needs an inverse and a square root. Either modexp computes them here, or the submitter gives them as *hints*,
/// which are checked by multiplication. Per message two maps (u0, then u1), per map 3 to 5 words:
///
///     tag   k ∈ {1, 2, 3}: x_k is the first candidate whose g(x) is a square
///     inv   inv0(tv1·tv2) of the program: its inverse, or 0 when it is 0
///     w_i   for each i < k: w_i² = −g(x_i). As p ≡ 3 mod 4, −1 is no square, so g(x_i) is none (w_i ≠ 0, since 0 is a square)
///     y     y² = g(x_k), sgn0(y) = sgn0(u)
///
/// Every word must be below p. Each of these facts determines its value, or (w_i) proves a fact about x_i, so hints change
/// the cost and never the point.
library HashToG1 {
    /// @dev BN254.P again: assembly takes literal constants only.
    uint256 private constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    /// @dev SVDW constants for g(x) = x³ + 3, Z = 1 (RFC 9380, 6.6.1): c1 = g(Z) = 4; c2 = −Z/2; c3 = √(−12), even; c4 = −16/3.
    uint256 private constant C2 = 0x183227397098d014dc2822db40c0ac2ecbc0b548b438e5469e10460b6c3e7ea3;
    uint256 private constant C3 = 0x16789af3a83522eb353c98fc6b36d713d5d8d1cc5dffffffa;
    uint256 private constant C4 = 0x10216f7ba065e00de81ac1e7808072c9dd2b2385cd7b438469602eb24829a9bd;

    /// @dev (p + 1) / 4 and p − 2: the exponents of a square root and of an inverse.
    uint256 private constant SQRT_EXPONENT = 0x0c19139cb84c680a6e14116da060561765e05aa45a1c72a34f082305b61f3f52;
    uint256 private constant INVERSE_EXPONENT = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45;

    /// @dev I2OSP(96, 2) ‖ I2OSP(0, 1) ‖ DST ‖ I2OSP(48, 1), 52 bytes left-aligned in two words;
    /// DST = "UNWRAPPED-DAO-V1-BN254G1_XMD:KECCAK-256_SVDW_RO_".
    uint256 private constant SUFFIX_1 = 0x006000554e575241505045442d44414f2d56312d424e32353447315f584d443a;
    uint256 private constant SUFFIX_2 = 0x4b454343414b2d3235365f535644575f524f5f30000000000000000000000000;

    error HashHintInvalid();

    /// @notice H(message), inverses and roots by modexp.
    function hashToG1(bytes32 message) internal view returns (uint256 x, uint256 y) {
        (uint256 u0, uint256 u1) = hashToField(message, BN254.opaqueP());
        (uint256 x0, uint256 y0) = mapToG1(u0);
        (uint256 x1, uint256 y1) = mapToG1(u1);
        return BN254.add(x0, y0, x1, y1);
    }

    /// @notice H(message), with the hints that start at calldata position `at`; `next` is the position after them.
    /// @dev `p` is BN254.opaqueP(). Not checked: that the hints end within an array. The caller compares the position after the
    /// last message with the end of its array; beyond it foreign calldata is read, which changes no point either.
    function hashToG1(bytes32 message, uint256 at, uint256 p) internal view returns (uint256 x, uint256 y, uint256 next) {
        (uint256 u0, uint256 u1) = hashToField(message, p);
        uint256 x0;
        uint256 y0;
        (x0, y0, next) = mapToG1(u0, at, p);
        (x, y, next) = mapToG1(u1, next, p);
        (x, y) = BN254.add(x0, y0, x, y);
    }

    /// @notice First word after one message's hints, which start at `hints[at]` and are not verified.
    function skipHints(uint256[] calldata hints, uint256 at) internal pure returns (uint256 next) {
        next = at;
        for (uint256 map; map < 2; ++map) {
            if (next >= hints.length) revert HashHintInvalid();
            uint256 tag = hints[next];
            if (tag == 0 || tag > 3) revert HashHintInvalid();
            next += 2 + tag;
        }
        if (next > hints.length) revert HashHintInvalid();
    }

    /// @notice The two field elements of a message, each from 48 uniform bytes. `p` is BN254.opaqueP().
    function hashToField(bytes32 message, uint256 p) internal pure returns (uint256 u0, uint256 u1) {
        assembly ("memory-safe") {
            // b_0 = H(136 zero bytes ‖ message ‖ I2OSP(96, 2) ‖ I2OSP(0, 1) ‖ DST′): 220 bytes.
            let m := mload(0x40)
            mstore(m, 0)
            mstore(add(m, 0x20), 0)
            mstore(add(m, 0x40), 0)
            mstore(add(m, 0x60), 0)
            mstore(add(m, 0x80), 0)
            mstore(add(m, 136), message)
            mstore(add(m, 168), SUFFIX_1)
            mstore(add(m, 200), SUFFIX_2)
            let b0 := keccak256(m, 220)

            // b_i = H(32 bytes ‖ I2OSP(i, 1) ‖ DST′): 82 bytes, written over the message so that DST′ stays where it is.
            m := add(m, 138)
            mstore(m, b0)
            mstore8(add(m, 32), 1)
            let b1 := keccak256(m, 82)
            mstore(m, xor(b0, b1))
            mstore8(add(m, 32), 2)
            let b2 := keccak256(m, 82)
            mstore(m, xor(b0, b2))
            mstore8(add(m, 32), 3)

            // 48 bytes each: b1 ‖ high half of b2, and low half of b2 ‖ b3. 2^256 mod p = ((2^256 − 1) + 1) mod p.
            u0 := addmod(mulmod(b1, shl(128, 1), p), shr(128, b2), p)
            u1 := addmod(mulmod(shr(128, shl(128, b2)), addmod(not(0), 1, p), p), keccak256(m, 82), p)
        }
    }

    /// @notice The SVDW map, by modexp.
    function mapToG1(uint256 u) internal view returns (uint256 x, uint256 y) {
        (uint256 tv1, uint256 tv2, uint256 product) = _program(u);
        uint256 inverse = _modexp(product, INVERSE_EXPONENT); // 0 for 0: inv0
        uint256 tv4 = mulmod(mulmod(mulmod(u, tv1, P), inverse, P), C3, P);

        bool square;
        x = addmod(C2, P - tv4, P);
        (square, y) = _sqrt(_g(x));
        if (!square) {
            x = addmod(C2, tv4, P);
            (square, y) = _sqrt(_g(x));
            if (!square) {
                x = _thirdCandidate(tv2, inverse);
                (, y) = _sqrt(_g(x)); // one of the three always is a square
            }
        }
        if ((u ^ y) & 1 == 1) y = P - y; // y ≠ 0: the order of G1 is odd, so it has no point with y = 0
    }

    /// @notice The SVDW map, by the hints that start at calldata position `at`. `p` is BN254.opaqueP().
    function mapToG1(uint256 u, uint256 at, uint256 p) internal pure returns (uint256 x, uint256 y, uint256 next) {
        bool ok;
        assembly ("memory-safe") {
            let tag := calldataload(at)
            let inverse := calldataload(add(at, 0x20))
            next := add(at, 0x40)

            // tv2 = 1 + 4u², tv1 = 1 − 4u²; u < p < 2^254. product·inverse = 1, or both are 0.
            let tv2 := mulmod(shl(2, u), u, p)
            let tv1 := addmod(1, sub(p, tv2), p)
            tv2 := addmod(1, tv2, p)
            let g := mulmod(tv1, tv2, p)
            ok := and(lt(inverse, p), or(eq(mulmod(g, inverse, p), 1), iszero(or(g, inverse))))

            // x1 = c2 − tv4, x2 = c2 + tv4; c2 = −1/2 = (p − 1)/2.
            let tv4 := mulmod(mulmod(mulmod(u, tv1, p), inverse, p), C3, p)
            x := addmod(shr(1, p), sub(p, tv4), p)
            g := addmod(mulmod(mulmod(x, x, p), x, p), 3, p)
            if gt(tag, 1) {
                let w := calldataload(next)
                next := add(next, 0x20)
                ok := and(ok, and(lt(sub(w, 1), sub(p, 1)), eq(mulmod(w, w, p), sub(p, g))))
                x := addmod(shr(1, p), tv4, p)
                g := addmod(mulmod(mulmod(x, x, p), x, p), 3, p)
                if gt(tag, 2) {
                    w := calldataload(next)
                    next := add(next, 0x20)
                    ok := and(ok, and(lt(sub(w, 1), sub(p, 1)), eq(mulmod(w, w, p), sub(p, g))))
                    // x3 = Z + c4·(tv2²·tv3)²
                    x := mulmod(mulmod(tv2, tv2, p), inverse, p)
                    x := addmod(mulmod(mulmod(x, x, p), C4, p), 1, p)
                    g := addmod(mulmod(mulmod(x, x, p), x, p), 3, p)
                }
            }

            y := calldataload(next)
            next := add(next, 0x20)
            ok := and(ok, and(and(lt(y, p), eq(mulmod(y, y, p), g)), iszero(and(xor(u, y), 1))))
            ok := and(ok, lt(sub(tag, 1), 3)) // refuses 0 as well
        }
        if (!ok) revert HashHintInvalid();
    }

    /// @dev tv1 = 1 − 4u², tv2 = 1 + 4u², and their product, which is to be inverted.
    function _program(uint256 u) private pure returns (uint256 tv1, uint256 tv2, uint256 product) {
        assembly ("memory-safe") {
            let t := mulmod(shl(2, u), u, P) // u < p < 2^254
            tv2 := addmod(1, t, P)
            tv1 := addmod(1, sub(P, t), P)
            product := mulmod(tv1, tv2, P)
        }
    }

    function _thirdCandidate(uint256 tv2, uint256 inverse) private pure returns (uint256) {
        uint256 t = mulmod(mulmod(tv2, tv2, P), inverse, P);
        return addmod(mulmod(mulmod(t, t, P), C4, P), 1, P);
    }

    function _g(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }

    /// @dev A square root of v as v^((p+1)/4), and whether it is one.
    function _sqrt(uint256 v) private view returns (bool square, uint256 root) {
        root = _modexp(v, SQRT_EXPONENT);
        square = mulmod(root, root, P) == v;
    }

    /// @dev EIP-198, with 32-byte operands.
    function _modexp(uint256 base, uint256 exponent) private view returns (uint256 result) {
        bool ok;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, 0x20)
            mstore(add(m, 0x20), 0x20)
            mstore(add(m, 0x40), 0x20)
            mstore(add(m, 0x60), base)
            mstore(add(m, 0x80), exponent)
            mstore(add(m, 0xa0), P)
            ok := staticcall(gas(), 5, m, 0xc0, m, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            result := mload(m)
        }
        if (!ok) revert BN254.PrecompileFailed();
    }
}
