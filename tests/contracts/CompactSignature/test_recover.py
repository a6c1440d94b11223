"""64-byte signatures: exactly one encoding each, and no signer at all for everything else."""

from __future__ import annotations

import pytest
from brownie.exceptions import VirtualMachineError
from eth_account import Account
from eth_utils import keccak

from tests.contracts.support import signing

DIGEST = keccak(text="digest")
NAMES = [f"signer {i}" for i in range(14)]
HALF_ORDER = signing.N // 2
ZERO = "0x" + "0" * 40


@pytest.fixture(scope="module")
def library(deploy):
    return deploy("CompactSignatureHarness")


def _parts(name: str) -> tuple[int, int, int]:
    signed = Account.unsafe_sign_hash(DIGEST, signing.key(name).key)
    return signed.v, signed.r, signed.s


@pytest.mark.parametrize("name", NAMES)
def test_the_signer_is_recovered_for_either_parity(library, name):
    assert library.recover(DIGEST, signing.compact(*_parts(name))) == signing.key(name).address


def test_both_parities_were_among_them():
    assert {_parts(name)[0] for name in NAMES} == {27, 28}


def test_the_malleable_twin_has_no_encoding(library):
    # ecrecover accepts (r, n - s) with the other parity; its s needs the bit that holds the parity here.
    v, r, s = _parts("signer 0")
    twin = signing.N - s
    assert twin >> 255 == 1
    forged = r.to_bytes(32, "big") + ((28 - v) << 255 | twin).to_bytes(32, "big")
    assert library.recover(DIGEST, forged) != signing.key("signer 0").address


def test_s_just_above_the_half_order_is_refused(library):
    _, r, _ = _parts("signer 0")
    assert library.recover(DIGEST, r.to_bytes(32, "big") + HALF_ORDER.to_bytes(32, "big")) != ZERO
    assert library.recover(DIGEST, r.to_bytes(32, "big") + (HALF_ORDER + 1).to_bytes(32, "big")) == ZERO


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_other_lengths_are_refused(library, length):
    signature = (signing.compact(*_parts("signer 0")) * 3)[:length]
    assert library.recover(DIGEST, signature) == ZERO


@pytest.mark.parametrize("signature", [b"\0" * 64, b"\xff" * 64, b"\0" * 63 + b"\1", b"\0" * 31 + b"\1" + b"\0" * 32])
def test_nonsense_recovers_nobody(library, signature):
    assert library.recover(DIGEST, signature) == ZERO


def test_nobody_never_counts_as_the_zero_address(library):
    assert library.isBy(DIGEST, b"\0" * 64, ZERO) == (False, ZERO)
    assert library.isBy(DIGEST, b"", ZERO) == (False, ZERO)


def test_is_by_tells_who_signed_instead(library):
    signature = signing.compact(*_parts("signer 1"))
    alice, bob = signing.key("signer 1").address, signing.key("signer 2").address
    assert library.isBy(DIGEST, signature, alice) == (True, alice)
    assert library.isBy(DIGEST, signature, bob) == (False, alice)


def test_a_position_beyond_the_list_reverts(library):
    both = signing.compact(*_parts("signer 1")) + signing.compact(*_parts("signer 2"))
    assert library.recoverAt(DIGEST, both, 1) == signing.key("signer 2").address
    with pytest.raises(VirtualMachineError):
        library.recoverAt(DIGEST, both, 2)
