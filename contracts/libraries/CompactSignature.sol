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
    function recover(bytes32 digest, bytes calldata signature) internal view returns (address) {
        return signature.length == LENGTH ? recoverAt(digest, signature, 0) : address(0);
    }

    /// @notice The signer of the `position`-th of several signatures laid end to end, or zero.
    function recoverAt(bytes32 digest, bytes calldata signatures, uint256 position) internal view returns (address) {
        uint256 start = position * LENGTH;
        return recover(
            digest, bytes32(signatures[start:start + 32]), bytes32(signatures[start + 32:start + LENGTH])
        );
    }

    /// @notice The signer of `digest` by the two words of a signature, or zero.
    /// @dev The precompile answers with no data where no key fits; the word it would write is zeroed before.
    function recover(bytes32 digest, bytes32 r, bytes32 vs) internal view returns (address signer) {
        assembly ("memory-safe") {
            let s := shr(1, shl(1, vs))
            if iszero(gt(s, HALF_ORDER)) {
                let input := mload(0x40)
                mstore(input, digest)
                mstore(add(input, 0x20), add(27, shr(255, vs)))
                mstore(add(input, 0x40), r)
                mstore(add(input, 0x60), s)
                mstore(0, 0)
                pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
                signer := mload(0)
            }
        }
    }

    /// @notice Whether `expected` signed `digest`; never true for the zero address.
    /// @return ok The answer. @return signer Whoever signed, or zero.
    function isBy(bytes32 digest, bytes calldata signature, address expected)
        internal
        view
        returns (bool ok, address signer)
    {
        signer = recover(digest, signature);
        ok = signer == expected && signer != address(0);
    }
}
