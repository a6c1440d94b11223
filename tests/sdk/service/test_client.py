"""The member's side: a validator that is slow, dead, lying or in between is named, and gets nothing recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.validators import RECORD_VICES, TRANSPORT_VICES, running
from tests.sdk.service.rig import SCOPE, Rig, all_serving, captured, over_http, rigged
from tests.sdk.service.serving import serving
from unwrapped_dao import kinds, samples
from unwrapped_dao.chain import eip712
from unwrapped_dao.errors import (
    AttestationError,
    InputError,
    NotAllowedError,
    UnwrappedError,
    ValidatorUnavailableError,
)
from unwrapped_dao.service.client import reach
from unwrapped_dao.service.limits import Limits
from unwrapped_dao.storage.receipts import Receipts
from unwrapped_dao.validation.request import AttestationRequest

pytestmark = pytest.mark.xdist_group("validator-client")
DEAD = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rigged(tmp_path_factory.mktemp("client"), members=4) as made:
        yield made


@pytest.fixture(scope="module")
def exports() -> Iterator[samples.SampleExports]:
    with samples.exports(4, seed=11, min_plays=400, max_plays=400) as made:
        yield made


@pytest.fixture(scope="module")
def request_(rig: Rig, exports: samples.SampleExports) -> AttestationRequest:
    # The consent has to name every validator that these tests ask.
    member = rig.dao.members[0]
    return captured(member, exports[0])


def test_an_honest_validator_over_http_attests_what_one_in_process_does(rig: Rig, request_: AttestationRequest) -> None:
    with serving(rig.services[0]) as url:
        remote = rig.remote(url)
        there = remote.attest(request_)
    here = rig.services[0]._validator.attest(request_)
    assert there == here
    message = eip712.Contribution(**there.content.model_dump())
    eip712.require_signed_by(remote.address, rig.domain(), message, there.signature)


@pytest.mark.parametrize("vice", TRANSPORT_VICES)
def test_what_gives_no_whole_answer_is_unavailable_in_time(rig: Rig, request_: AttestationRequest, vice: str) -> None:
    with running(rig.vicious(vice)) as server:
        remote = rig.remote(server.url, timeout_s=1.5)
        started = time.monotonic()
        with pytest.raises(UnwrappedError) as failed:
            remote.attest(request_)
        lies = vice in ("nonsense", "empty", "endless")
        assert type(failed.value) is (AttestationError if lies else ValidatorUnavailableError)
        assert time.monotonic() - started < 8
        assert failed.value.hint and server.asked >= 1


@pytest.mark.parametrize("vice", ["replaying", "echoing", "altering", "answering_else", "huge", "deep"])
def test_an_answer_that_is_not_its_own_to_this_request_is_a_lie(
    rig: Rig, request_: AttestationRequest, vice: str
) -> None:
    with running(rig.vicious(vice)) as server:
        remote = rig.remote(server.url)
        if vice == "replaying":
            remote.attest(request_)  # its first answer is good, and is what it says for ever after
        with pytest.raises(AttestationError, match=r"answer"):
            remote.attest(request_)


@pytest.mark.parametrize("vice", ["forging", "other_content", "other_member"])
def test_a_signature_over_something_else_is_known_by_what_it_recovers_to(
    rig: Rig, request_: AttestationRequest, vice: str
) -> None:
    with running(rig.vicious(vice)) as server:
        given = rig.remote(server.url).attest(request_)
    assert given.content.member == request_.member and given.content.content == request_.content
    with pytest.raises(AttestationError):
        message = eip712.Contribution(**given.content.model_dump())
        eip712.require_signed_by(given.validator, rig.domain(), message, given.signature)


def test_a_redirect_is_not_followed(rig: Rig, request_: AttestationRequest) -> None:
    """Sealed or not, nothing of a member goes where a validator sends it."""
    with running(rig.vicious("failing", 1)) as elsewhere, running(rig.vicious("redirecting")) as server:
        server.elsewhere = elsewhere.server_address[1]
        with pytest.raises(ValidatorUnavailableError, match="307"):
            rig.remote(server.url).attest(request_)
        assert server.asked == 1 and elsewhere.asked == 0


def test_a_false_refusal_comes_through_without_its_control_characters(rig: Rig, request_: AttestationRequest) -> None:
    with running(rig.vicious("refusing")) as server, pytest.raises(NotAllowedError) as refused:
        rig.remote(server.url).attest(request_)
    assert (refused.value.message, refused.value.hint) == ("No. [2J Really", "Go away.")


@pytest.mark.parametrize("vice", RECORD_VICES)
def test_a_key_that_no_validator_of_this_collective_vouches_for_gets_nothing(rig: Rig, vice: str) -> None:
    with running(rig.vicious(vice)) as server:
        reached = reach([server.url], rig.dao.collective, timeout_s=5)
        assert reached.validators == ()
        ((name, problem),) = reached.unreached
        assert name == server.url and problem.hint
        assert isinstance(problem, ValidatorUnavailableError if vice == "stale" else AttestationError)
        if vice == "in_between":
            assert "somebody may sit in between" in problem.message
        assert server.asked == 0


def test_dead_ones_and_the_same_one_twice_are_named(rig: Rig) -> None:
    with serving(rig.services[0]) as url:
        reached = reach([DEAD, url, url + "/"], rig.dao.collective, timeout_s=5)
    assert [v.url for v in reached.validators] == [url]
    assert [name for name, _ in reached.unreached] == [DEAD, url]
    assert isinstance(reached.unreached[0][1], ValidatorUnavailableError)
    assert "same validator" in reached.unreached[1][1].message


@pytest.mark.parametrize("url", ["validator-1", "ftp://x", "http://", "http://x:port", ""])
def test_what_is_no_url_is_said(rig: Rig, url: str) -> None:
    with pytest.raises(InputError):
        reach([url], rig.dao.collective)


def test_a_contribution_larger_than_it_takes_is_not_sent(rig: Rig, request_: AttestationRequest) -> None:
    with serving(rig.services[0]) as url:
        remote = rig.remote(url)
        remote._record = type(remote._record)(**{**_fields(remote._record), "max_request_bytes": 1_000})
        with pytest.raises(InputError, match="larger"):
            remote.attest(request_)


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}  # type: ignore[attr-defined]


# --- through a member ------------------------------------------------------------------------------------------------


def _live(rig: Rig) -> list[str]:
    registry = rig.dao.collective.registry
    return [c.member for c in registry.contributions(registry.current_pool(kinds.scope(SCOPE).scope_id))]


def test_two_honest_of_three_are_enough_whatever_the_third_does(rig: Rig, exports: samples.SampleExports) -> None:
    member = rig.dao.members[1]
    with serving(rig.services[1]) as one, serving(rig.services[2]) as two, running(rig.vicious("misweighing")) as liar:
        ours = over_http(rig, member, [liar.url, one, two])
        done = ours.contribute(ours.preview(exports[1], scope=SCOPE))
        assert liar.asked == 1 and not done.already
        assert ours.contribute(ours.preview(exports[1], scope=SCOPE)).already
    assert member.address in _live(rig)


@pytest.mark.parametrize("vices", [("misweighing", "forging"), ("truncating", "hanging_up"), ("forging", "refusing")])
def test_too_few_honest_ones_record_nothing_and_each_is_named(
    rig: Rig, exports: samples.SampleExports, vices: tuple[str, str]
) -> None:
    member = rig.dao.members[2]
    with (
        serving(rig.services[2]) as honest,
        running(rig.vicious(vices[0], 0)) as a,
        running(rig.vicious(vices[1], 1)) as b,
    ):
        ours = over_http(rig, member, [a.url, b.url, honest, DEAD])
        with pytest.raises(UnwrappedError) as failed:
            ours.contribute(ours.preview(exports[2], scope=SCOPE))
        told = failed.value.message
        for name in (a.url, b.url, DEAD):
            assert name in told, told
        assert "of the 2 attestations" in told and failed.value.hint.endswith("nothing was recorded.")
        if vices == ("truncating", "hanging_up"):
            assert isinstance(failed.value, ValidatorUnavailableError)
    assert member.address not in _live(rig)
    assert list(member._pending.contents()) == []  # the envelope nobody attested is gone


def test_a_refusal_of_the_data_says_why(rig: Rig, exports: samples.SampleExports) -> None:
    """Somebody else's export: refused by two of three, so the third is not even asked."""
    with all_serving(rig) as urls:
        ours = over_http(rig, rig.dao.members[3], urls)
        with pytest.raises(NotAllowedError, match="refuse this export"):
            ours.contribute(ours.preview(exports[1], scope=SCOPE))
    assert rig.dao.members[3].address not in _live(rig)


def test_the_receipt_names_the_validators_with_their_urls(rig: Rig) -> None:
    receipts: Receipts = rig.dao.members[1]._receipts
    ((_, receipt),) = list(receipts.all())
    assert len(receipt["validators"]) == 3 and all("http://127.0.0.1:" in name for name in receipt["validators"])


def test_no_more_validators_than_needed_are_shown_anything(rig: Rig, exports: samples.SampleExports) -> None:
    member = rig.dao.members[2]
    with all_serving(rig) as urls:
        ours = over_http(rig, member, urls)
        ours.contribute(ours.preview(exports[2], scope=SCOPE))
    pool = rig.dao.collective.registry.current_pool(kinds.scope(SCOPE).scope_id)
    live = rig.dao.collective.registry.contribution_of(pool, member.address)
    assert live is not None
    content = live.record.content
    assert [pending.has(content) for pending in rig.pendings] == [True, True, False]


def test_a_busy_validator_is_asked_again_and_then_given_up(rig: Rig, request_: AttestationRequest) -> None:
    with running(rig.vicious("busy")) as server:
        with pytest.raises(ValidatorUnavailableError, match="503"):
            rig.remote(server.url).attest(request_)
        assert server.asked == 4


def test_a_member_is_told_when_its_day_is_over(tmp_path: Path, exports: samples.SampleExports) -> None:
    with rigged(tmp_path, members=1, limits=Limits(per_member=1)) as rig, serving(rig.services[0]) as url:
        request = captured(rig.dao.members[0], exports[0])
        remote = rig.remote(url)
        first = remote.attest(request)
        with pytest.raises(ValidatorUnavailableError, match="verdicts within a day"):
            remote.attest(request)
        assert first.content.weight > 0
