"""What a member signs is exactly what leaves its machine, and a validator that was not chosen attests nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unwrapped_dao import kinds, samples
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain import eip712
from unwrapped_dao.errors import AttestationError, SettingsError, UntrustedDataError
from unwrapped_dao.roles.validator import Validator
from unwrapped_dao.validation.request import AttestationRequest

SCOPE = "artist-preferences"


@pytest.fixture(scope="module")
def dao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCollective]:
    with local(members=2) as made:
        yield made


@pytest.fixture(scope="module")
def contributed(dao: LocalCollective) -> tuple[Any, list[AttestationRequest], dict[str, Any]]:
    """(preview, requests that validators got, the receipt)."""
    member, asked = dao.members[0], []
    attest = Validator.attest
    with pytest.MonkeyPatch.context() as patch, samples.exports(1, seed=3, min_plays=400, max_plays=400) as exports:
        patch.setattr(Validator, "attest", lambda self, request: asked.append(request) or attest(self, request))
        preview = member.preview(exports[0], scope=SCOPE)
        member.contribute(preview)
    ((_, receipt),) = list(member._receipts.all())
    return preview, asked, receipt


def test_the_bytes_signed_are_of_exactly_the_previewed_rows(
    dao: LocalCollective, contributed: tuple[Any, list[AttestationRequest], dict[str, Any]]
) -> None:
    preview, asked, receipt = contributed
    signed = receipt["signed"]["message"]
    scope = kinds.scope(SCOPE)
    assert scope.encode([scope.row(**row) for row in preview.rows]) == preview.rows_bytes
    assert signed["rows"] == "0x" + hashlib.sha256(preview.rows_bytes).hexdigest()
    assert signed["records"] == "0x" + hashlib.sha256(preview.records_bytes).hexdigest()
    assert {bytes(request.records_bytes) for request in asked} == {preview.records_bytes}
    assert signed["purposes"] == sorted("0x" + digest.hex() for digest in scope.purpose_digests.values())
    assert signed["validators"] == [validator.address for validator in dao.validators]
    (live,) = dao.collective.registry.contributions(dao.collective.registry.current_pool(scope.scope_id))
    assert signed["content"] == "0x" + live.record.content.hex()


def test_the_receipt_says_it_in_words_and_holds_no_row(
    contributed: tuple[Any, list[AttestationRequest], dict[str, Any]],
) -> None:
    preview, _, receipt = contributed
    assert receipt["purposes"] == list(preview.purposes) and receipt["base_terms"] == preview.base_terms
    text = json.dumps(receipt)
    assert not any(row["artist"] in text for row in preview.rows)


def test_a_wallet_would_sign_the_same(
    dao: LocalCollective, contributed: tuple[Any, list[AttestationRequest], dict[str, Any]]
) -> None:
    from eth_account import Account
    from eth_account.messages import encode_typed_data

    _, _, receipt = contributed
    packed = bytes.fromhex(receipt["signature"][2:])
    s = int.from_bytes(packed[32:], "big")
    signature = packed[:32] + (s & ~(1 << 255)).to_bytes(32, "big") + bytes([27 + (s >> 255)])
    signable = encode_typed_data(full_message=receipt["signed"])
    assert Account.recover_message(signable, signature=signature) == dao.members[0].address


CHANGES: dict[str, Callable[[AttestationRequest, LocalCollective], AttestationRequest]] = {
    "other records": lambda r, _: replace(r, records_bytes=r.records_bytes.replace(b"music", b"movie", 1)),
    "a later expiry": lambda r, _: replace(r, expiry=r.expiry + 1),
    "somebody else's member": lambda r, dao: replace(r, member=dao.members[0].address),
    "one validator fewer": lambda r, _: replace(r, consent=replace(r.consent, validators=r.consent.validators[:1])),
    "no signature": lambda r, _: replace(r, consent=replace(r.consent, signature=b"")),
    "another's signature": lambda r, dao: replace(
        r, consent=replace(r.consent, signature=eip712.sign(dao.faucet, _domain(dao), eip712.OptOut(bytes(32), 1)))
    ),
}


def _domain(dao: LocalCollective) -> eip712.Domain:
    return eip712.read_domain(dao.collective.client, dao.collective.registry.address)


@pytest.fixture(scope="module")
def fresh(dao: LocalCollective) -> AttestationRequest:
    """A good request of the second member that nobody has answered, with the envelope still there."""
    dao.members[0].join()  # the request is passed off as this member's
    member, kept = dao.members[1], []

    class StoppedError(Exception):
        pass

    def stop(self: Validator, request: AttestationRequest) -> Any:
        kept.append(request)
        raise StoppedError

    with pytest.MonkeyPatch.context() as patch, samples.exports(2, seed=3, min_plays=400, max_plays=400) as exports:
        patch.setattr(Validator, "attest", stop)
        with pytest.raises(StoppedError):
            member.contribute(member.preview(exports[1], scope=SCOPE))
    request: AttestationRequest = kept[0]
    return request


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_the_member_did_not_sign_is_not_attested(
    dao: LocalCollective, fresh: AttestationRequest, change: Callable[..., AttestationRequest]
) -> None:
    with pytest.raises(UntrustedDataError):
        dao.validators[2].attest(change(fresh, dao))


def test_a_validator_that_was_not_chosen_refuses(dao: LocalCollective, fresh: AttestationRequest) -> None:
    others = tuple(v.address for v in dao.validators[1:])
    stranger = dao.validators[0]
    with pytest.raises(AttestationError, match="did not choose"):
        stranger.attest(replace(fresh, consent=replace(fresh.consent, validators=others)))


def test_the_request_itself_was_good(dao: LocalCollective, fresh: AttestationRequest) -> None:
    assert dao.validators[2].attest(fresh).content.content == fresh.content


def test_no_receipt_no_question(tmp_path: Path, dao: LocalCollective, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the receipt cannot be kept, no validator is shown anything."""
    member = dao.members[1]
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setattr(member._receipts, "_folder", blocked / "receipts")
    monkeypatch.setattr(Validator, "attest", lambda *_: pytest.fail("asked without a receipt"))
    with (
        samples.exports(2, seed=3, min_plays=400, max_plays=400) as exports,
        pytest.raises(SettingsError, match="receipts cannot be written"),
    ):
        member.contribute(member.preview(exports[1], scope=SCOPE))
