// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "./BN254.sol";

/// @title Hash of a 32-byte message to G1 of BN254
/// @notice RFC 9380: expand_message_xmd (5.3.1) with Keccak-256, hash_to_field (5.2) with L = 48, count = 2, the
/// Shallue–van de Woestijne map (6.6.1, straight-line program of appendix F.1) with Z = 1; cofactor 1, so nothing to clear.
///
/// The map needs an inverse and a square root. Either modexp computes them here, or the submitter gives them as *hints*,
/// which are checked by multiplication (docs/spec/hash-hints.md). For a list of messages:
///
///     inv   one inverse of the product of tv1·tv2 of all maps, from which each map's own follows
///     then per message two maps (u0, then u1), per map one or two words:
///     w     only if the first candidate is rejected: w² = −g(x_1). As p ≡ 3 mod 4, −1 is no square, so g(x_1) is none
///     y     tag·2^254 + y: tag k ∈ {1, 2, 3}: x_k is the first candidate whose g(x) is a square; y² = g(x_k), sgn0(y) = sgn0(u)
///
/// For k = 3 one root proves two rejections, because g(x_1)·g(x_2)·g(x_3) always is a square. Each of these facts determines
/// its value, or (w) proves a fact about x_1, so hints change the cost and never the point.
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
        (uint256 u0, uint256 u1) = hashToField(message, buffer(), BN254.opaqueP());
        (uint256 x0, uint256 y0) = mapToG1(u0);
        (uint256 x1, uint256 y1) = mapToG1(u1);
        return BN254.add(x0, y0, x1, y1);
    }

    /// @notice Free memory for `hashToField`, laid out for any number of messages: 0xe0 bytes, not allocated.
    function buffer() internal pure returns (uint256 at) {
        assembly ("memory-safe") {
            // Free memory may be dirty, and 136 bytes must be zero.
            at := mload(0x40)
            calldatacopy(at, calldatasize(), 0xa0)
            mstore(add(at, 168), SUFFIX_1)
            mstore(add(at, 200), SUFFIX_2)
        }
    }

    /// @notice The two field elements of a message, each from 48 uniform bytes. `m` is from buffer(), `p` is BN254.opaqueP().
    function hashToField(bytes32 message, uint256 m, uint256 p) internal pure returns (uint256 u0, uint256 u1) {
        assembly ("memory-safe") {
            // b_0 = H(136 zero bytes ‖ message ‖ I2OSP(96, 2) ‖ I2OSP(0, 1) ‖ DST′): 220 bytes. The last message overwrote the
            // three bytes between message and DST′.
            mstore(add(m, 139), 0x6000)
            mstore(add(m, 136), message)
            let b0 := keccak256(m, 220)

            // b_i = H(32 bytes ‖ I2OSP(i, 1) ‖ DST′): 82 bytes, written over the message so that DST′ stays where it is.
            m := add(m, 138)
            mstore(m, b0)
            mstore8(add(m, 32), 1)
            u0 := keccak256(m, 82)
            mstore(m, xor(b0, u0))
            mstore8(add(m, 32), 2)
            let b2 := keccak256(m, 82)
            mstore(m, xor(b0, b2))
            mstore8(add(m, 32), 3)

            // 48 bytes each: b1 ‖ high half of b2, and low half of b2 ‖ b3. 2^256 mod p = ((2^256 − 1) + 1) mod p.
            u0 := addmod(mulmod(u0, shl(128, 1), p), shr(128, b2), p)
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

    /// @notice H of the last `count` messages; `hints` of all of them, or none. `p` is BN254.opaqueP().
    /// @return points Where in memory they lie: four words each, of which the last two are the point.
    function hashToG1(bytes32[] calldata messages, uint256 count, uint256[] calldata hints, uint256 p)
        internal
        view
        returns (uint256 points)
    {
        if (hints.length != 0) {
            uint256 records = _records(messages, hints[0], p);
            points = records + ((messages.length - count) << 7);
            uint256 unread = _points(points, records + (messages.length << 7), hints, p);
            if (count == messages.length && unread != 1) revert HashHintInvalid();
            return points;
        }
        assembly ("memory-safe") {
            points := mload(0x40)
            mstore(0x40, add(points, shl(7, count)))
        }
        for (uint256 i = 0; i < count; ++i) {
            (uint256 x, uint256 y) = hashToG1(messages[messages.length - count + i]);
            assembly ("memory-safe") {
                let at := add(points, shl(7, i))
                mstore(add(at, 0x40), x)
                mstore(add(at, 0x60), y)
            }
        }
    }

    /// @dev A record of each message: for u0 and for u1 itself and the product of tv1·tv2 of all maps before. `inverse` must be that
    /// of the last product: 0 has none, so a message with tv1·tv2 = 0 (nobody knows one) takes no hints.
    function _records(bytes32[] calldata messages, uint256 inverse, uint256 p) private pure returns (uint256 records) {
        uint256 m = buffer();
        uint256 record;
        uint256 end;
        uint256 at;
        uint256 product = 1;
        assembly ("memory-safe") {
            records := add(m, 0xe0)
            record := records
            end := add(records, shl(7, messages.length))
            mstore(0x40, end)
            at := messages.offset
        }
        while (record != end) {
            bytes32 message;
            assembly ("memory-safe") {
                message := calldataload(at)
            }
            (uint256 u0, uint256 u1) = hashToField(message, m, p);
            assembly ("memory-safe") {
                // tv1·tv2 = 1 − (4u²)²
                mstore(record, u0)
                mstore(add(record, 0x20), product)
                u0 := mulmod(shl(2, u0), u0, p)
                product := mulmod(product, sub(add(p, 1), mulmod(u0, u0, p)), p)
                mstore(add(record, 0x40), u1)
                mstore(add(record, 0x60), product)
                u1 := mulmod(shl(2, u1), u1, p)
                product := mulmod(product, sub(add(p, 1), mulmod(u1, u1, p)), p)
                record := add(record, 0x80)
                at := add(at, 0x20)
            }
        }
        if (mulmod(product, inverse, p) != 1) revert HashHintInvalid();
    }

    /// @dev Writes the points of the records from `first` to `end`, from the last to the first: so is the product's inverse taken
    /// apart (Montgomery), and so are the hints read. Returns how many are left.
    /// Not checked: that they lie within their array, since foreign calldata is checked like any other.
    function _points(uint256 first, uint256 end, uint256[] calldata hints, uint256 p) private view returns (uint256 unread) {
        uint256 inverse = hints[0];
        uint256 at;
        bool ok = true;
        assembly ("memory-safe") {
            at := add(hints.offset, shl(5, hints.length))
        }
        while (end != first && ok) {
            uint256 bad;
            assembly ("memory-safe") {
                end := sub(end, 0x80)
                for { let map := add(end, 0x40) } iszero(lt(map, end)) { map := sub(map, 0x40) } {
                    let u := mload(map)
                    // tv2 = 1 + t, tv1 = 1 − t, t = 4u²; u < p < 2^254.
                    let t := mulmod(shl(2, u), u, p)
                    let tv3 := mulmod(inverse, mload(add(map, 0x20)), p)
                    inverse := mulmod(inverse, sub(add(p, 1), mulmod(t, t, p)), p)

                    at := sub(at, 0x20)
                    let y := calldataload(at)
                    let tag := shr(254, y)
                    y := sub(y, shl(254, tag))

                    // x1 = c2 − tv4, x2 = c2 + tv4; c2 = −1/2 = (p − 1)/2.
                    let x := mulmod(mulmod(mulmod(u, sub(add(p, 1), t), p), tv3, p), C3, p)
                    // y < p, y like u, tag ≠ 0
                    bad := or(bad, or(or(iszero(lt(y, p)), iszero(tag)), and(xor(u, y), 1)))
                    switch gt(tag, 1)
                    case 0 { x := addmod(shr(1, p), sub(p, x), p) }
                    default {
                        u := addmod(shr(1, p), sub(p, x), p) // x1
                        at := sub(at, 0x20)
                        // w² = −g(x1)
                        let w := calldataload(at)
                        bad :=
                            or(bad, addmod(mulmod(w, w, p), addmod(mulmod(mulmod(u, u, p), u, p), 3, p), p))
                        switch tag
                        case 2 { x := addmod(shr(1, p), x, p) }
                        default {
                            // x3 = Z + c4·(tv2²·tv3)²
                            x := mulmod(mulmod(add(1, t), add(1, t), p), tv3, p)
                            x := addmod(mulmod(mulmod(x, x, p), C4, p), 1, p)
                        }
                    }
                    // y² = g(x)
                    bad := or(bad, xor(mulmod(y, y, p), addmod(mulmod(mulmod(x, x, p), x, p), 3, p)))
                    mstore(map, x)
                    mstore(add(map, 0x20), y)
                }
            }
            if (bad != 0) revert HashHintInvalid();
            assembly ("memory-safe") {
                ok := staticcall(gas(), 6, end, 0x80, add(end, 0x40), 0x40)
                ok := and(ok, eq(returndatasize(), 0x40))
            }
        }
        if (!ok) revert BN254.PrecompileFailed();
        assembly ("memory-safe") {
            unread := shr(5, sub(at, hints.offset))
        }
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
