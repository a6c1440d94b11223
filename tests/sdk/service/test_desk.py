"""What a validator does with a sealed request, what it keeps of it, and what it erases when it is asked."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.service.rig import SCOPE, Rig, all_serving, captured, over_http, rigged
from tests.sdk.service.serving import serving
from unwrapped_dao import kinds, samples
from unwrapped_dao.app.serving import ValidatorService
from unwrapped_dao.chain import eip712
from unwrapped_dao.crypto import sealed_request
from unwrapped_dao.crypto.sealed_request import AnswerKey, EncryptionKey, Recipient
from unwrapped_dao.errors import AttestationError, SealedRequestError, ValidatorUnavailableError
from unwrapped_dao.service.desk import Desk
from unwrapped_dao.service.limits import Limits
from unwrapped_dao.service.wire import Answer, Attested, Held, HeldAsk, Refused, decode_answer, encode
from unwrapped_dao.validation.request import Attestation, AttestationRequest, BatchRequest

# The tests of this module tell one story, in order.
pytestmark = pytest.mark.xdist_group("desk")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rigged(tmp_path_factory.mktemp("desk"), members=4) as made:
        yield made


@pytest.fixture(scope="module")
def exports() -> Iterator[samples.SampleExports]:
    with samples.exports(4, seed=12, min_plays=400, max_plays=400) as made:
        yield made


def sealed(
    rig: Rig, manifest: bytes, *, to: int = 0, records: bytes = b"", envelope: bytes = b""
) -> tuple[bytes, AnswerKey]:
    sink, dao = io.BytesIO(), rig.dao.collective
    where = Recipient.of(dao.client.chain_id, dao.registry.address, rig.accounts[to].address)
    key = sealed_request.seal(
        sink, rig.keys[to].public, where, manifest,
        records=records, envelope=io.BytesIO(envelope), envelope_length=len(envelope),
    )  # fmt: skip
    return sink.getvalue(), key


def attest_manifest(request: AttestationRequest, **changes: Any) -> bytes:
    facts = {
        "ask": "attest", "member": request.member, "scope": request.scope, "scope_id": request.scope_id.hex(),
        "epoch": request.epoch, "version": request.version, "content": request.content.hex(),
        "expiry": request.expiry, "dek": request.dek.to_secret_bytes().hex(),
        "validators": list(request.consent.validators), "signed_at": request.consent.signed_at,
        "signature": request.consent.signature.hex(),
    }  # fmt: skip
    return json.dumps(facts | changes).encode()


def asked(rig: Rig, body: bytes, key: AnswerKey, service: ValidatorService | None = None) -> Answer:
    return decode_answer(key.open((service or rig.services[0]).handle(io.BytesIO(body))))


def events(rig: Rig, number: int = 0) -> list[str]:
    return [json.loads(line)["event"] for line in (rig.folder / str(number) / "audit.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def request_(rig: Rig, exports: samples.SampleExports) -> AttestationRequest:
    return captured(rig.dao.members[0], exports[0])


def whole(rig: Rig, request: AttestationRequest, **changes: Any) -> tuple[bytes, AnswerKey]:
    envelope = request.open_envelope().read()
    return sealed(rig, attest_manifest(request, **changes), records=request.records_bytes, envelope=envelope)


def test_the_same_request_gets_the_same_answer_and_counts_once(rig: Rig, request_: AttestationRequest) -> None:
    body, key = whole(rig, request_)
    first = asked(rig, body, key)
    assert isinstance(first, Attested)
    again, other_key = whole(rig, request_)  # sealed anew: other bytes, the same request
    assert again != body
    assert asked(rig, body, key) == asked(rig, again, other_key) == first
    assert events(rig)[-3:] == ["attested", "repeated", "repeated"]
    assert len(rig.indexes[0]) == 1


def test_a_restarted_validator_gives_the_same_answer(rig: Rig, request_: AttestationRequest) -> None:
    body, key = whole(rig, request_)
    first = asked(rig, body, key)
    old = rig.services[0]
    new = ValidatorService(
        rig.dao.collective,
        rig.accounts[0],
        old._validator,
        rig.keys[0],
        rig.folder / "0",
        Limits(),
        lambda: rig.dao.store,
    )
    assert asked(rig, body, key, new) == first
    new.close()


def test_a_lost_memory_of_answers_changes_no_answer(rig: Rig, request_: AttestationRequest) -> None:
    """A kill between the index and the answer: what is signed follows from what is durable."""
    body, key = whole(rig, request_)
    first = asked(rig, body, key)
    with sqlite3.connect(rig.folder / "0" / "answers.sqlite") as db:
        db.execute("DELETE FROM answer")
    assert asked(rig, body, key) == first
    assert events(rig)[-1] == "attested" and len(rig.indexes[0]) == 1


def test_a_batch_over_http_is_the_one_that_is_signed_in_process(rig: Rig, request_: AttestationRequest) -> None:
    batch = BatchRequest((rig.services[0]._validator.attest(request_),), request_.expiry)
    with serving(rig.services[0]) as url:
        remote = rig.remote(url)
        assert remote.attest_batch(batch) == rig.services[0]._validator.attest_batch(batch)
        (given,) = batch.attested
        heavier = Attestation(given.content.model_copy(update={"weight": 1}), given.validator, given.signature)
        for bad in (
            BatchRequest((heavier,), batch.expiry),
            BatchRequest(batch.attested, batch.expiry + 1),
            BatchRequest((Attestation(given.content, given.validator, b"\1" * 64),), batch.expiry),
        ):
            with pytest.raises(AttestationError):
                remote.attest_batch(bad)
        too_many = BatchRequest(batch.attested * 501, batch.expiry)
        with pytest.raises(AttestationError, match="not as specified"):
            remote.attest_batch(too_many)
    assert events(rig)[-5:] == ["batched", *["unfit"] * 4]


def test_a_batch_that_ends_early_or_is_no_list_is_not_signed(rig: Rig) -> None:
    manifest = json.dumps({"ask": "batch", "scope_id": "00" * 32, "epoch": 1, "expiry": 9}).encode()
    for records in (b"", b"[]", b"{}", b"[1]", b'[{"member":"0x00"}]', b"[" * 70_000):
        body, key = sealed(rig, manifest, records=records)
        answer = asked(rig, body, key)
        assert isinstance(answer, Refused) and answer.why == "unfit"
    body, key = sealed(rig, manifest, records=b"x" * 200_000)
    assert isinstance(asked(rig, body[:-100_000], key), Refused)


NOT_A_MANIFEST = {
    "no JSON": b"\xff\xfe",
    "nothing": b"",
    "another question": b'{"ask":"everything"}',
    "an unknown field": b'{"ask":"held","member":"0x'
    + b"11" * 20
    + b'","expiry":1,"signature":"'
    + b"00" * 64
    + b'","x":1}',
    "a huge number": b'{"ask":"held","member":"0x' + b"11" * 20 + b'","expiry":99999999999999999999,"signature":""}',
    "deep": b"[" * 5_000 + b"]" * 5_000,
}


@pytest.mark.parametrize("manifest", NOT_A_MANIFEST.values(), ids=NOT_A_MANIFEST)
def test_what_is_no_question_is_answered_in_kind(rig: Rig, manifest: bytes) -> None:
    answer = asked(rig, *sealed(rig, manifest))
    assert isinstance(answer, Refused) and answer.why == "unfit" and "CANARY" not in answer.message
    assert events(rig)[-1] == "unfit"


@pytest.mark.parametrize(
    "changes",
    [{"dek": "00" * 32}, {"content": "00" * 32}, {"version": 7}, {"epoch": 9}, {"expiry": 1}, {"scope": "CANARY-scope"},
     {"scope": "listening-sessions"}, {"member": "0x" + "11" * 20}],
    ids=lambda c: next(iter(c)),
)  # fmt: skip
def test_what_does_not_fit_together_is_not_attested(
    rig: Rig, request_: AttestationRequest, changes: dict[str, Any]
) -> None:
    before = len(rig.indexes[0])
    answer = asked(rig, *whole(rig, request_, **changes))
    assert isinstance(answer, Refused) and answer.why in ("unfit", "refused")
    assert len(rig.indexes[0]) == before


def test_cut_or_altered_requests_sign_nothing(rig: Rig, request_: AttestationRequest) -> None:
    body, key = whole(rig, replace(request_, version=request_.version))
    for damaged in (body[:-1], body[:200], body + b"x", body[:-1] + bytes([body[-1] ^ 1])):
        try:
            answer = decode_answer(key.open(rig.services[0].handle(io.BytesIO(damaged))))
        except SealedRequestError:
            continue
        assert isinstance(answer, Refused) and answer.why == "unfit"
    with pytest.raises(SealedRequestError):
        rig.services[1].handle(io.BytesIO(body))  # sealed to another validator
    assert events(rig, 1)[-1] == "unreadable"


def test_a_full_disk_is_said_without_a_path_and_nothing_is_signed(
    rig: Rig, request_: AttestationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device", str(rig.folder))

    body, key = whole(rig, request_)
    monkeypatch.setattr("unwrapped_dao.service.desk.tempfile.mkstemp", full)
    answer = asked(rig, body, key)
    assert isinstance(answer, Refused) and answer.why == "later" and str(rig.folder) not in answer.message
    assert events(rig)[-1] == "failed"


def test_what_a_killed_validator_was_receiving_is_gone_at_the_next_start(tmp_path: Path, rig: Rig) -> None:
    left = tmp_path / ".envelope-x"
    left.write_bytes(b"ciphertext")
    service = rig.services[0]
    Desk(
        service._validator, EncryptionKey.generate(), Recipient(1, bytes(20), bytes(20)), service._answers,
        service.audit, tmp_path, Limits(), lambda _: False,
    )  # fmt: skip
    assert not left.exists()


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_records_and_data_keys_are_in_no_file_of_the_validators(rig: Rig, request_: AttestationRequest) -> None:
    listens = kinds.get("music").decode_records(request_.records_bytes)
    words = {row.artist.encode() for row in listens} | {row.track.encode() for row in listens}
    secrets = {
        request_.dek.to_secret_bytes(),
        request_.dek.to_secret_bytes().hex().encode(),
        request_.records_bytes[:200],
    }
    looked = 0
    for path in rig.files():
        data = path.read_bytes()
        looked += len(data)
        assert not [w for w in {*words, *secrets} if len(w) > 5 and w in data], path
        if path.suffix == ".jsonl":
            assert request_.member.lower() not in data.decode().lower() and request_.content.hex() not in data.decode()
    assert looked > 10_000  # the index, the envelope and the answers are there


def test_the_audit_log_tells_no_member(rig: Rig) -> None:
    for line in (rig.folder / "0" / "audit.jsonl").read_text().splitlines():
        assert set(json.loads(line)) <= {"at", "event", "scope", "epoch", "count"}
        assert "CANARY" not in line


# --- what members may ask for ----------------------------------------------------------------------------------------


def test_only_the_member_itself_is_told_or_obeyed(rig: Rig, request_: AttestationRequest) -> None:
    member, validator = request_.member, rig.accounts[0].address
    now, domain, own = rig.dao.collective.client.now(), rig.domain(), rig.dao.members[0]._account

    def question(signer: Any, expiry: int, *, erase: bool = False, to: str = validator) -> Answer:
        signature = eip712.sign(signer, domain, eip712.DataRequest(member, to, erase, expiry))
        return asked(rig, *sealed(rig, encode(HeldAsk(member, expiry, signature.hex()))))

    assert isinstance(question(own, now + 60), Held)
    for answer in (
        question(rig.accounts[1], now + 60),
        question(own, now + 60, erase=True),  # a signature for something else
        question(own, now + 60, to=rig.accounts[1].address),
        question(own, now),
        question(own, now + 7_200),
    ):
        assert isinstance(answer, Refused) and answer.why == "unfit"


def test_a_contribution_from_attestation_to_erasure(rig: Rig, exports: samples.SampleExports) -> None:
    dao, member = rig.dao, rig.dao.members[1]
    with all_serving(rig) as urls:
        ours = over_http(rig, member, urls)
        remote = rig.remote(urls[0])
        ours.contribute(ours.preview(exports[1], scope=SCOPE))
        held = remote.held(member._account, dao.collective)
        assert [(item.what, item.version) for item in held] == [("fingerprint", 1), ("envelope", 1)]
        assert all("withdraw it first" in item.why for item in held)
        removed, kept = remote.forget(member._account, dao.collective)
        assert removed == [] and len(kept) == 2
        content = held[1].digest
        assert rig.pendings[0].has(content)

        ours.withdraw(SCOPE)
        removed, kept = remote.forget(member._account, dao.collective)
        assert sorted(item.what for item in removed) == ["envelope", "fingerprint"] and kept == []
        assert not rig.pendings[0].has(content) and rig.indexes[0].held(member.address) == []
        assert remote.held(member._account, dao.collective) == []
        assert remote.forget(member._account, dao.collective) == ([], [])

        # The history is free again, for anybody: that is what freeing means.
        other = over_http(rig, dao.members[2], urls)
        other.contribute(other.preview(exports[1], scope=SCOPE))


def test_what_was_attested_but_not_recorded_stays_until_it_cannot_be(rig: Rig, request_: AttestationRequest) -> None:
    dao, member = rig.dao, rig.dao.members[0]
    with serving(rig.services[0]) as url:
        removed, kept = rig.remote(url).forget(member._account, dao.collective)
    assert [item.what for item in removed] == ["envelope"]
    assert [item.what for item in kept] == ["fingerprint"] and "can still be recorded" in kept[0].why


def test_after_the_seal_the_sweep_publishes_and_cleans_and_the_rest_stays(
    rig: Rig, exports: samples.SampleExports
) -> None:
    dao = rig.dao
    with all_serving(rig) as urls:
        for number in (1, 3):
            ours = over_http(rig, dao.members[number], urls)
            ours.contribute(ours.preview(exports[{1: 2, 3: 3}[number]], scope=SCOPE))
        pool = dao.relayer.seal(dao.relayer.announce(dao.collective.registry.current_pool(kinds.scope(SCOPE).scope_id)))
        assert rig.indexes[0].held(dao.members[0].address)  # attested above, never recorded
        for service in rig.services:
            service.sweep()
        assert rig.indexes[0].held(dao.members[0].address) == []
        assert "published" in events(rig) and any("cleaned" in events(rig, n) for n in range(3))
        live = dao.collective.registry.contributions(pool)
        assert {cid.digest for cid in dao.store.pins()} == {c.record.content for c in live}
        removed, kept = rig.remote(urls[0]).forget(dao.members[1]._account, dao.collective)
        assert removed == [] and {item.what for item in kept} == {"fingerprint", "envelope"}
        assert any("on-chain for ever" in item.why for item in kept)
        before = events(rig)
        rig.services[0].sweep()
        assert events(rig) == before  # once is once


def test_a_node_that_is_away_is_later_and_the_sweep_survives_it(rig: Rig, request_: AttestationRequest) -> None:
    def away(*_: Any) -> Any:
        raise ValidatorUnavailableError("Node http://secret-node is away.")

    body, key = whole(rig, request_, signed_at=request_.consent.signed_at + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(rig.dao.collective.client), "request", away)
        answer = asked(rig, body, key)
        rig.services[0].sweep()
        record = rig.services[0].record()
    assert isinstance(answer, Refused) and answer.why == "later" and "secret-node" not in answer.message
    assert record == rig.services[0].record()


def test_an_expired_answer_is_forgotten(rig: Rig) -> None:
    answers = rig.services[0]._answers
    assert len(answers) > 0
    answers.drop_expired(1 << 40)
    assert len(answers) == 0


def test_a_member_cannot_be_fooled_by_held_answers(rig: Rig) -> None:
    with serving(rig.services[0]) as url:
        remote = rig.remote(url)
        with pytest.raises(AttestationError):
            remote.held(rig.dao.members[0]._account, _elsewhere(rig))


def _elsewhere(rig: Rig) -> Any:
    """Signs for another registry: the validator does not take it."""

    class Registry:
        address = rig.dao.collective.market.address

    class Other:
        client = rig.dao.collective.client
        registry = Registry()

    return Other()
