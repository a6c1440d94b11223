"""Members sign, a relayer pays: in batches, nothing twice, and each request that is not carried out says why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from eth_account import Account
from eth_utils.crypto import keccak

import unwrapped_dao as u
from unwrapped_dao import kinds
from unwrapped_dao.chain import eip712
from unwrapped_dao.chain.batch import BatchItem, items_hash
from unwrapped_dao.chain.registry import Record, join_attestations
from unwrapped_dao.chain.requests import Request, read, signed, write
from unwrapped_dao.errors import (
    AttestationError,
    InputError,
    NotAllowedError,
    NotFoundError,
    RpcUnavailableError,
    UntrustedDataError,
    ValidatorUnavailableError,
)
from unwrapped_dao.roles.member import Member
from unwrapped_dao.roles.relayer import Relayer
from unwrapped_dao.roles.relaying import BATCH
from unwrapped_dao.roles.signing import RequestSigner
from unwrapped_dao.storage.pending import PendingEnvelopes
from unwrapped_dao.validation.attestation import AttestationContent
from unwrapped_dao.validation.request import Attestation, BatchRequest

SCOPE = "artist-preferences"
_RECORD = "(uint32,uint32,bytes32,bytes32,bytes32)"
_BATCH = (
    f"contributeBatch(bytes32,uint64,(address,{_RECORD})[],(uint64,uint32,bytes32,bytes32)[],{_RECORD}[],uint64,bytes)"
)
_ALONE = f"contribute((address,bytes32,uint64),{_RECORD},{_RECORD},uint64,bytes,uint64,bytes)"


@pytest.fixture(scope="module")
def dao() -> Iterator[Any]:
    """A collective of four active members."""
    with u.local(members=4) as dao:
        exports = u.samples.exports(4, seed=5, min_plays=400, max_plays=500)
        for member, export in zip(dao.members, exports, strict=True):
            member.contribute(member.preview(export, scope=SCOPE))
        yield dao


@pytest.fixture(scope="module")
def sales(dao: Any) -> list[Any]:
    """Two offers on the sealed pool."""
    pool = dao.seal(SCOPE)
    return [dao.buyer.offer(pool, price=price, purpose="ai-training") for price in (10**6, 10**7)]


def _signers(dao: Any) -> list[RequestSigner]:
    return [RequestSigner(dao.collective, member._account) for member in dao.members]


def _submit(dao: Any, *requests: Request) -> tuple[list[bool], int]:
    """(done of each, transactions it took)."""
    sent = 0
    send = dao.collective.client.send

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal sent
        sent += 1
        return send(*args, **options)

    with patch.object(dao.collective.client, "send", counted):
        answers = dao.relayer.submit(requests)
    assert [answer.request for answer in answers] == list(requests)
    return [answer.done for answer in answers], sent


def test_accounts_without_ether_join_leave_and_come_back(dao: Any) -> None:
    people = [RequestSigner(dao.collective, Account.create()) for _ in range(3)]
    joins = [person.join() for person in people]
    assert _submit(dao, *joins) == ([True] * 3, 1)
    numbers = [dao.collective.membership.member(join.member).number for join in joins]
    assert sorted(numbers) == [4, 5, 6]
    assert [dao.collective.membership.address_of(n) for n in numbers] == [join.member for join in joins]
    assert _submit(dao, *joins) == ([True] * 3, 0), "what took effect is not sent again"

    leaves = [person.leave() for person in people[:2]]
    assert _submit(dao, *leaves) == ([True] * 2, 1)
    assert _submit(dao, *leaves) == ([True] * 2, 0)
    assert _submit(dao, people[0].join()) == ([True], 1)
    assert _submit(dao, leaves[0]) == ([False], 0), "a leave never ends a later membership"
    assert not dao.collective.membership.member(joins[0].member).has_left


def test_ballots_and_opt_outs_travel_together(dao: Any, sales: list[Any]) -> None:
    first, second = sales
    proposal = dao.collective.governor.proposal(dao.members[0].propose(first))
    signers = _signers(dao)
    ballots = [
        signer.vote(proposal.id, support) for signer, support in zip(signers, ("for", "for", "against"), strict=False)
    ]
    assert _submit(dao, ballots[0]) == ([False], 0), "before the vote began"
    dao.collective.client.wait_until(proposal.vote_start + 1)
    dao.members[3].vote(proposal.id, "abstain")
    opt_outs = [signers[2].opt_out(first), signers[1].opt_out(second)]
    late = signers[3].vote(proposal.id, "for")
    changed_mind = signers[0].vote(proposal.id, "against")
    done, sent = _submit(dao, opt_outs[0], *ballots, late, changed_mind, opt_outs[1])
    assert done == [True, True, True, True, True, False, True]
    assert sent == 3, "one for the ballots, one for each sale"
    tally = dao.collective.governor.tally(proposal.id)
    assert (tally.in_favour, tally.against, tally.abstain) == (2, 1, 1)
    market = dao.collective.market
    assert [(o.member, o.ordinal) for o in market.opt_outs(market.sale_id(first))] == [(dao.members[2].address, 1)]
    assert market.refused_by(dao.members[1].address) == {market.sale_id(second)}
    assert _submit(dao, *ballots, *opt_outs) == ([True] * 5, 0)

    dao.members[0].vote(proposal.id, "for")  # the ballot that was relayed: nothing is left to do
    with pytest.raises(NotAllowedError, match="cast already: for"):
        dao.members[0].vote(proposal.id, "against")
    assert dao.members[2].opt_out(first).ordinal == 1


def test_a_withdrawal_from_a_sealed_pool_is_relayed_once_and_is_final(dao: Any, sales: list[Any]) -> None:
    registry, last = dao.collective.registry, dao.members[-1]
    pool = registry.pool(kinds.scope(SCOPE).scope_id, 1)
    signer = RequestSigner(dao.collective, last._account)
    request = signer.withdraw(pool)
    expired = signed(dao.collective, last._account, "withdrawal", eip712.Withdrawal(pool.scope_id, pool.epoch, 1, 1))
    assert _submit(dao, expired) == ([False], 0)
    assert _submit(dao, request, request)[1] == 1
    number = dao.collective.membership.member(last.address).number
    assert registry.withdrawal_ordinal(pool, number) == 1
    assert _submit(dao, request) == ([True], 0)
    with pytest.raises(NotAllowedError, match="withdrawn from this pool already"):
        signer.withdraw(pool)


def test_stopped_after_a_transaction_it_goes_on_with_the_rest(dao: Any) -> None:
    people = [RequestSigner(dao.collective, Account.create()) for _ in range(4)]
    requests = [person.join() for person in people]
    send = dao.collective.client.send

    def lost(*args: Any, **options: Any) -> Any:
        send(*args, **options)
        raise RpcUnavailableError("The node went away after it took the transaction.")

    with patch("unwrapped_dao.roles.relaying.BATCH", 2):
        with patch.object(dao.collective.client, "send", lost), pytest.raises(RpcUnavailableError):
            dao.relayer.submit(requests)
        assert sum(dao.collective.membership.member(r.member) is not None for r in requests) == 2
        assert _submit(dao, *requests) == ([True] * 4, 1), "the two that are left, in one transaction"


def test_what_is_not_the_members_own_word_is_never_sent(dao: Any) -> None:
    person, other = (RequestSigner(dao.collective, Account.create()) for _ in range(2))
    good = person.join()
    bad = [
        msgspec.structs.replace(good, signature=other.join().signature),
        msgspec.structs.replace(good, signature="0x00"),
        msgspec.structs.replace(good, chain_id=1),
        msgspec.structs.replace(good, contract=dao.collective.market.address),
        msgspec.structs.replace(good, sort="leave"),
        msgspec.structs.replace(good, fields=good.fields | {"expiry": "9"}),
        msgspec.structs.replace(good, fields=good.fields | {"joins": str(2**16)}),
        msgspec.structs.replace(good, fields=good.fields | {"more": "1"}),
        msgspec.structs.replace(good, fields={}),
        msgspec.structs.replace(good, member=other.join().member),
    ]
    answers = dao.relayer.submit(bad)
    assert not any(answer.done for answer in answers) and all(answer.sentence.endswith(".") for answer in answers)
    assert dao.collective.membership.member(good.member) is None


def test_an_expired_request_and_a_strangers_are_told(dao: Any) -> None:
    account = Account.create()
    expired = signed(dao.collective, account, "join", eip712.Join(account.address, 0, 1))
    stranger = RequestSigner(dao.collective, account).leave()
    answers = dao.relayer.submit([expired, stranger])
    assert ["expired" in answers[0].sentence, "not a member" in answers[1].sentence] == [True, True]


def test_files_of_requests_are_read_with_care(dao: Any, tmp_path: Path) -> None:
    request = RequestSigner(dao.collective, Account.create()).join()
    path = tmp_path / "join.json"
    write(request, path)
    assert read(path) == request
    facts = json.loads(path.read_text())
    for name, text in {
        "cut": path.read_text()[:-20],
        "not utf-8": "\udcff",
        "extra": json.dumps(facts | {"note": 1}),
        "another format": json.dumps(facts | {"format": "unwrapped-dao/request/2"}),
        "another sort": json.dumps(facts | {"sort": "withdraw"}),
        "large": " " * 70_000,
        "empty": "",
    }.items():
        path.write_text(text, errors="surrogateescape")
        with pytest.raises(UntrustedDataError):
            read(path)
            pytest.fail(f"accepted: {name}")
    with pytest.raises(InputError, match="no file"):
        read(tmp_path / "missing.json")


def test_a_relayer_is_shown_by_its_address_alone(dao: Any) -> None:
    assert repr(Relayer(dao.collective, Account.create())).startswith("<Relayer 0x")


def test_contributions_are_relayed_as_a_batch_or_alone(dao: Any, sales: list[Any], tmp_path: Path) -> None:
    """The epoch after the sealed one; people without ether, two validators' signatures for all of them."""
    dao.open(SCOPE)
    registry, one = dao.collective.registry, dao.members[0]
    people = [
        Member(dao.collective, Account.create(), PendingEnvelopes(tmp_path / str(n)), one._receipts, dao.validators)
        for n in range(4)
    ]
    exports = u.samples.exports(4, seed=77, min_plays=400, max_plays=500)
    previews = [person.preview(export, scope=SCOPE) for person, export in zip(people, exports, strict=True)]
    pool = registry.current_pool(previews[0].scope_id)
    with pytest.raises(NotAllowedError, match="not a member"):
        people[0].sign_contribution(previews[0])
    joins = [RequestSigner(dao.collective, person._account).join() for person in people]
    assert _submit(dao, *joins) == ([True] * 4, 1)
    requests = [person.sign_contribution(preview) for person, preview in zip(people, previews, strict=True)]
    assert registry.contributions(pool) == []

    attested = requests[0].attested
    assert attested is not None
    heavier = msgspec.structs.replace(attested, weight=attested.weight + 1)
    with patch.object(dao.collective.client, "send", side_effect=AssertionError("it was sent")):
        for forged in (
            msgspec.structs.replace(requests[0], attested=heavier),
            msgspec.structs.replace(requests[0], attested=None),
            msgspec.structs.replace(requests[0], attested=msgspec.structs.replace(attested, signatures={})),
            msgspec.structs.replace(requests[0], signature=requests[1].signature),
        ):
            assert not dao.relayer.submit([forged])[0].done

    sent = []
    send = dao.collective.client.send

    def noted(sender: Any, to: Any, data: bytes = b"", **options: Any) -> Any:
        sent.append(bytes(data[:4]))
        return send(sender, to, data, **options)

    batch, alone = (keccak(text=signature)[:4] for signature in (_BATCH, _ALONE))
    with patch.object(dao.collective.client, "send", noted):
        answers = dao.relayer.submit(requests[:3], validators=dao.validators)
        assert [answer.done for answer in answers] == [True] * 3
        assert sent == [batch]
        answers = dao.relayer.submit(requests)  # no validator can be asked: the one that is left goes alone
        assert [answer.done for answer in answers] == [True] * 4
        assert sent == [batch, alone]
    live = {c.member: c.record.content for c in registry.contributions(pool)}
    assert [f"0x{live[r.member].hex()}" for r in requests] == [r.fields["content"] for r in requests]
    assert people[0].contribute(previews[0]).already

    # Who had no ether to contribute has none to take it back either.
    back = [RequestSigner(dao.collective, person._account).withdraw(pool) for person in people[:2]]
    stale = msgspec.structs.replace(back[0], fields={**back[0].fields, "version": "2"})
    assert _submit(dao, stale) == ([False], 0), "another version than the member signed"
    assert _submit(dao, *back) == ([True, True], 2)
    assert {c.member for c in registry.contributions(pool)} == {r.member for r in requests[2:]}
    assert _submit(dao, *back) == ([True, True], 0)
    with pytest.raises(NotFoundError, match="no live contribution"):
        RequestSigner(dao.collective, people[0]._account).withdraw(pool)


class Unhelpful:
    """A validator that gives this for a batch, or raises it."""

    def __init__(self, honest: Any, gives: Any) -> None:
        self.address, self.gives, self.asked = honest.address, gives, 0

    def attest_batch(self, _: BatchRequest) -> bytes:
        self.asked += 1
        if isinstance(self.gives, Exception):
            raise self.gives
        return bytes(self.gives)


UNHELPFUL = {
    "another's signature": (101, b"\1" * 64),
    "none": (102, b""),
    "gone": (103, ValidatorUnavailableError("It is gone.")),
    "unwilling": (104, AttestationError("No.")),
}


@pytest.mark.parametrize(("seed", "gives"), UNHELPFUL.values(), ids=UNHELPFUL)
def test_a_validator_that_signs_no_batch_costs_gas_and_nothing_else(
    dao: Any, sales: list[Any], tmp_path: Path, seed: int, gives: Any
) -> None:
    """Its single signatures hold; a bad signature on the batch would have sunk it whole."""
    dao.open(SCOPE)
    one = dao.members[0]
    people = [
        Member(dao.collective, Account.create(), PendingEnvelopes(tmp_path / str(n)), one._receipts, dao.validators[:2])
        for n in range(3)
    ]
    exports = u.samples.exports(3, seed=seed, min_plays=300, max_plays=350)
    assert _submit(dao, *(RequestSigner(dao.collective, p._account).join() for p in people)) == ([True] * 3, 1)
    requests = [
        person.sign_contribution(person.preview(export, scope=SCOPE))
        for person, export in zip(people, exports, strict=True)
    ]
    liar, honest = Unhelpful(dao.validators[0], gives), dao.validators[1]
    told: list[str] = []
    with patch("unwrapped_dao.roles.relaying.BATCH", 2):
        answers = dao.relayer.submit(requests, validators=[liar, honest], told=told.append)
    assert [answer.done for answer in answers] == [True] * 3
    assert liar.asked == 1, "the second batch does not wait for it"
    assert len(told) == 1 and liar.address in told[0] and "one by one" in told[0]


def test_a_validator_signs_a_batch_of_what_it_attested_and_nothing_else(dao: Any, sales: list[Any]) -> None:
    now = dao.collective.client.now()
    first, second = dao.validators[:2]
    domain = eip712.read_domain(dao.collective.client, dao.collective.registry.address)
    content = AttestationContent(
        member=dao.members[0].address,
        scope_id=b"\1" * 32,
        epoch=1,
        version=1,
        content=b"\2" * 32,
        weight=7,
        fingerprint=b"\3" * 32,
        report=b"\4" * 32,
        expiry=now + 100,
    )
    message = eip712.Contribution(**content.model_dump())
    own, others = (Attestation(content, v.address, eip712.sign(v._account, domain, message)) for v in (first, second))
    elsewhere = content.model_copy(update={"epoch": 2})
    signature = eip712.sign(first._account, domain, eip712.Contribution(**elsewhere.model_dump()))
    heavier = Attestation(content.model_copy(update={"weight": 8}), first.address, own.signature)
    for attested, expiry in (
        ((), now + 50),
        ((own,), now),
        ((own,), now + 101),
        ((own, others), now + 50),
        ((heavier,), now + 50),
        ((own, Attestation(elsewhere, first.address, signature)), now + 50),
    ):
        with pytest.raises(AttestationError):
            first.attest_batch(BatchRequest(attested, expiry))
    record = Record(1, 7, content.content, content.fingerprint, content.report)
    digest = items_hash(content.scope_id, 1, [(content.member, record)])
    given = first.attest_batch(BatchRequest((own,), now + 50))
    eip712.require_signed_by(first.address, domain, eip712.Contributions(digest, now + 50), given)


def test_batches_of_a_hundred_fit_a_transaction(dao: Any, sales: list[Any]) -> None:
    """The embedded chain gives a transaction the 16,777,216 gas of EIP-7825 and no more."""
    people = [Account.create() for _ in range(BATCH)]
    signers = [RequestSigner(dao.collective, person) for person in people]
    assert _submit(dao, *(signer.join() for signer in signers)) == ([True] * BATCH, 1)

    pool, registry = dao.open(SCOPE), dao.collective.registry
    domain = eip712.read_domain(dao.collective.client, registry.address)
    expiry = dao.collective.client.now() + 1_000
    items = []
    for person in people:
        record = Record(1, 7, *(keccak(text=f"{part} {person.address}") for part in ("content", "print", "report")))
        consent = eip712.Consent(pool.scope_id, pool.epoch, 1, record.content, expiry)
        items.append(BatchItem(person.address, record, expiry, eip712.sign(person, domain, consent)))
    digest = items_hash(pool.scope_id, pool.epoch, [(item.member, item.record) for item in items])
    message = eip712.Contributions(digest, expiry)
    attested = [(v.address, eip712.sign(v._account, domain, message)) for v in dao.validators[:2]]
    receipt = registry.contribute_batch(
        dao.faucet,
        scope_id=pool.scope_id,
        epoch=pool.epoch,
        items=items,
        expiry=expiry,
        attestations=join_attestations(attested),
    )
    assert registry.skipped(receipt) == []
    assert {c.member for c in registry.contributions(pool)} >= {person.address for person in people}
    assert _submit(dao, *(signer.leave() for signer in signers)) == ([True] * BATCH, 1)
