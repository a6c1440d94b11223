// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title BN254: point checks and the three precompiles
/// @notice Points as EIP-196 and EIP-197: G1 = (x, y), infinity = (0, 0); G2 = (x.im, x.re, y.im, y.re).
///
/// The precompiles take all forwarded gas when a point is bad, so callers check points first. On a chain without them a call
/// succeeds and returns nothing, so the returned size is looked at after every call (`and` in Yul would read it before).
/// The order-r subgroup of G2 is checked by the pairing precompile alone; G1 has cofactor 1.
///
/// Not here: hashing to the curve (HashToG1).
library BN254 {
    /// @dev Field and group order.
    uint256 internal constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    uint256 internal constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    /// @dev −P2, the negated generator of G2.
    uint256 internal constant NEG_P2_X_IM = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 internal constant NEG_P2_X_RE = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 internal constant NEG_P2_Y_IM = 0x275dc4a288d1afb3cbb1ac09187524c7db36395df7be3b99e673b13a075a65ec;
    uint256 internal constant NEG_P2_Y_RE = 0x1d9befcd05a5323e6da4d435f3b617cdb3af83285c2df711ef39c01571827f9d;

    error PointInvalid();
    error PrecompileFailed();

    /// @notice P as a value the optimizer cannot see through.
    /// @dev At 200 runs it fetches each use of a 32-byte literal by CODECOPY (about 35 gas), and computes a cheap expression anew
    /// where variables are many. It does neither to what is read from memory, after a copy that it does not look into.
    function opaqueP() internal pure returns (uint256 p) {
        assembly ("memory-safe") {
            mstore(0, P)
            calldatacopy(0x20, calldatasize(), 0x20)
            p := mload(0)
        }
    }

    /// @notice Whether (x, y) is a point of G1: canonical, on the curve, not infinity. `p` is opaqueP().
    function isG1(uint256 x, uint256 y, uint256 p) internal pure returns (bool ok) {
        assembly ("memory-safe") {
            // y² = x³ + 3; infinity (0, 0) fails it because 0 ≠ 3.
            ok := and(
                and(lt(x, p), lt(y, p)), eq(mulmod(y, y, p), addmod(mulmod(mulmod(x, x, p), x, p), 3, p))
            )
        }
    }

    function isG1(uint256 x, uint256 y) internal pure returns (bool) {
        return isG1(x, y, opaqueP());
    }

    function requireG1(uint256 x, uint256 y) internal pure {
        if (!isG1(x, y)) revert PointInvalid();
    }

    /// @notice Whether all coordinates are canonical and not all zero. Curve and subgroup: the pairing precompile.
    function isG2Encoding(uint256[4] calldata q) internal pure returns (bool) {
        return (q[0] | q[1] | q[2] | q[3]) != 0 && q[0] < P && q[1] < P && q[2] < P && q[3] < P;
    }

    function requireG2Encoding(uint256[4] calldata q) internal pure {
        if (!isG2Encoding(q)) revert PointInvalid();
    }

    /// @notice k·(x, y), EIP-196. The point must be valid.
    function mul(uint256 x, uint256 y, uint256 k) internal view returns (uint256 rx, uint256 ry) {
        bool ok;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, x)
            mstore(add(m, 0x20), y)
            mstore(add(m, 0x40), k)
            ok := staticcall(gas(), 7, m, 0x60, m, 0x40)
            ok := and(ok, eq(returndatasize(), 0x40))
            rx := mload(m)
            ry := mload(add(m, 0x20))
        }
        if (!ok) revert PrecompileFailed();
    }

    /// @notice (ax, ay) + (bx, by), EIP-196. Both points must be valid or infinity.
    function add(uint256 ax, uint256 ay, uint256 bx, uint256 by) internal view returns (uint256 rx, uint256 ry) {
        bool ok;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, ax)
            mstore(add(m, 0x20), ay)
            mstore(add(m, 0x40), bx)
            mstore(add(m, 0x60), by)
            ok := staticcall(gas(), 6, m, 0x80, m, 0x40)
            ok := and(ok, eq(returndatasize(), 0x40))
            rx := mload(m)
            ry := mload(add(m, 0x20))
        }
        if (!ok) revert PrecompileFailed();
    }

    /// @notice Whether e(w0..5)·e(w6..11) = 1, EIP-197. Reverts on a point the precompile refuses.
    function isPairing(uint256[12] memory words) internal view returns (bool) {
        uint256 at;
        assembly ("memory-safe") {
            at := words
        }
        return _isPairing(at, 0x180);
    }

    /// @notice The same for three pairs.
    function isPairing(uint256[18] memory words) internal view returns (bool) {
        uint256 at;
        assembly ("memory-safe") {
            at := words
        }
        return _isPairing(at, 0x240);
    }

    /// @notice The same for any number of pairs, six words each.
    function isPairing(uint256[] memory words) internal view returns (bool) {
        uint256 at;
        assembly ("memory-safe") {
            at := add(words, 0x20)
        }
        return _isPairing(at, words.length << 5);
    }

    function _isPairing(uint256 at, uint256 size) private view returns (bool result) {
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(gas(), 8, at, size, 0, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            result := eq(mload(0), 1)
        }
        if (!ok) revert PrecompileFailed();
    }
}
