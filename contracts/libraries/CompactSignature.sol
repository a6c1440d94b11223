// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title 64-byte ECDSA signatures
/// @notice ERC-2098: r ‖ (yParity << 255 | s). One encoding per signature: any other length, s in the upper half order
/// (EIP-2) or a point that does not recover give the zero address, never an error, so that a batch can skip them.
/// @dev Compare with `isBy`, or refuse zero yourself: an unset address equals a failed recovery.
library CompactSignature {
    uint256 internal constant LENGTH = 64;

    /// @dev Half the order of secp256k1, rounded down; the largest s that is not malleable.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice The signer of `digest`, or zero.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        return signature.length == LENGTH ? recoverAt(digest, signature, 0) : address(0);
    }

    /// @notice The signer of the `position`-th of several signatures laid end to end, or zero.
    function recoverAt(bytes32 digest, bytes calldata signatures, uint256 position) internal pure returns (address) {
        uint256 start = position * LENGTH;
        bytes32 r = bytes32(signatures[start:start + 32]);
        uint256 vs = uint256(bytes32(signatures[start + 32:start + LENGTH]));
        uint256 s = vs & type(uint256).max >> 1;
        if (s > HALF_ORDER) return address(0);
        return ecrecover(digest, uint8(27 + (vs >> 255)), r, bytes32(s));
    }

    /// @notice Whether `expected` signed `digest`; never true for the zero address.
    /// @return ok The answer. @return signer Whoever signed, or zero.
    function isBy(bytes32 digest, bytes calldata signature, address expected)
        internal
        pure
        returns (bool ok, address signer)
    {
        signer = recover(digest, signature);
        ok = signer == expected && signer != address(0);
    }
}
