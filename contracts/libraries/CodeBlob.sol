// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Read-only data kept as the code of an account
/// @notice 200 gas a byte to write and one cold account to read, instead of 22,100 and 2,100 for every 32 bytes. The n-th
/// blob a contract creates lies at the address of its n-th CREATE, so only n need be stored, or known.
/// The code starts with STOP, so that calling it does nothing.
library CodeBlob {
    error BlobNotWritten(uint256 bytes_);

    /// @notice Create a blob; returns where it lies.
    function write(bytes memory data) internal returns (address where) {
        // PUSH2 size DUP1 PUSH1 10 RETURNDATASIZE CODECOPY RETURNDATASIZE RETURN, then STOP ‖ data.
        // The caller keeps `data` within 24,575 bytes (EIP-170), else CREATE fails.
        bytes memory initCode = abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a3d393df300", data);
        assembly ("memory-safe") {
            where := create(0, add(initCode, 0x20), mload(initCode))
        }
        if (where == address(0)) revert BlobNotWritten(data.length);
    }

    /// @notice The data of a blob; empty if there is none.
    function read(address where) internal view returns (bytes memory data) {
        uint256 size = where.code.length;
        if (size < 2) return data;
        assembly ("memory-safe") {
            data := mload(0x40)
            size := sub(size, 1)
            // One word beyond the data, zeroed: list readers load whole words.
            mstore(0x40, add(data, and(add(size, 0x5f), not(0x1f))))
            mstore(data, size)
            mstore(add(add(data, 0x20), size), 0)
            extcodecopy(where, add(data, 0x20), 1, size)
        }
    }

    /// @notice Address of `creator`'s CREATE number `nonce`, counted from 1: the last 20 bytes of keccak256(rlp([creator, nonce])).
    function addressOf(address creator, uint32 nonce) internal pure returns (address) {
        bytes memory rlp = nonce < 0x80
            ? abi.encodePacked(hex"d694", creator, uint8(nonce))
            : nonce < 0x100
                ? abi.encodePacked(hex"d794", creator, hex"81", uint8(nonce))
                : nonce < 0x10000
                    ? abi.encodePacked(hex"d894", creator, hex"82", uint16(nonce))
                    : nonce < 0x1000000
                        ? abi.encodePacked(hex"d994", creator, hex"83", uint24(nonce))
                        : abi.encodePacked(hex"da94", creator, hex"84", uint32(nonce));
        return address(uint160(uint256(keccak256(rlp))));
    }
}
