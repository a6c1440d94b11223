"""Data kept as code: what was written is read, at an address known beforehand."""

from __future__ import annotations

import pytest

LONGEST = 24_575


@pytest.fixture
def blobs(deploy):
    return deploy("CoverHarness")


@pytest.mark.parametrize("length", [1, 31, 32, 33, 4_000, LONGEST])
def test_what_is_written_is_read(blobs, length):
    data = bytes(i * 7 % 251 for i in range(length))
    blobs.writeBlob(data)
    assert bytes(blobs.readBlob(1)) == data
    assert bytes(blobs.readBlob(2)) == b""


def test_too_long_a_blob_is_refused(blobs, refused):
    with refused("BlobNotWritten", LONGEST + 1):
        # A call, since the trace of a transaction this large is too long for Ganache to answer.
        blobs.writeBlob.call(bytes(LONGEST + 1))


def test_addresses_follow_the_number(blobs, web3):
    for number in range(1, 4):
        blobs.writeBlob(bytes([number]) * 40)
        assert bytes(web3.eth.get_code(blobs.addressOf(blobs, number))) == b"\0" + bytes([number]) * 40


@pytest.mark.parametrize("nonce", [1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000, 0xFFFFFF, 0x1000000, 2**32 - 1])
def test_addresses_equal_rlp(blobs, nonce):
    import rlp
    from eth_utils import keccak, to_bytes, to_checksum_address

    made = keccak(rlp.encode([to_bytes(hexstr=blobs.address), nonce]))[12:]
    assert blobs.addressOf(blobs, nonce) == to_checksum_address(made)


def test_calling_a_blob_does_nothing(blobs, accounts, web3):
    blobs.writeBlob(b"\xff\xfe")
    assert bytes(web3.eth.call({"to": blobs.addressOf(blobs, 1), "data": "0x12345678"})) == b""
