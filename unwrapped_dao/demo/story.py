"""The story of `unwrapped-dao demo`: one sale from export to payout, with its refusals, on real input.

Every figure is read back from the chain or from the opened dataset; nothing is assumed.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from .. import samples
from ..app.in_process import LocalCollective
from ..chain.calldata import amount_text
from ..chain.governor import Support
from ..chain.market import NodeDelivery, Offer
from ..chain.registry import Pool
from ..crypto import envelope
from ..crypto.bn254 import P1
from ..crypto.committee import sign_node
from ..crypto.delivery import make_share
from ..crypto.keys import NodeKey, SecretScalar
from ..crypto.tree import Node, path
from ..dataset import Dataset
from ..errors import ContractRefusedError, DeliveryError, NotAllowedError, UnwrappedError
from ..kinds import Preview
from ..roles.custodian import NODES_PER_CALL
from ..roles.identity import buyer_key, pool_identity, sale_identity
from ..samples import SampleExport
from ..storage.reader import resolve
from .nodes import Nodes
from .page import render
from .summary import Payout, Refusal, Summary

MEMBERS = 12
PRICE = 55_000 * 10**6
SEED = 2025
SCOPE, PURPOSE = "artist-preferences", "ai-training"
VOTES: tuple[Support, ...] = ("for",) * 8 + ("against", "abstain")
"""Of the members who do not opt out, in order."""
OPT_OUTS = (4, 10)
REFUSED_TO_REPEAT = 3
UNRELIABLE = 4
"""The place of the key keeper that does not keep to the rules."""

Tell = Callable[[str], None]


@dataclass
class Told:
    """What the story has gathered so far."""

    tell: Tell
    lines: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def line(self, text: str) -> None:
        self.lines.append(text)
        self.tell(f"{len(self.lines):>2}. {text}")

    def refused(self, tried: str, by: str, error: UnwrappedError) -> None:
        self.refusals.append(Refusal(tried=tried, refused_by=by, because=error.message))
        self.tell(f"    ✗ {tried} — refused by {by}: {error.message}")


def run(output: Path, tell: Tell, *, seed: int = SEED, nodes: Nodes | None = None) -> Summary:
    """Tell the story, write `summary.json`, `index.html` and `dataset.parquet` into `output`, return the figures."""
    started = time.monotonic()
    told = Told(tell)
    with ExitStack() as stack:
        dao = stack.enter_context((nodes or Nodes()).collective(MEMBERS))
        tell(dao.warning)
        tell(_formed(dao))
        exports = [*stack.enter_context(samples.exports(MEMBERS - 1, seed=seed)), samples.third_party()]
        previews = _contribute(dao, exports, told)
        pool = dao.seal(SCOPE)
        told.line(
            f"The pool was sealed with {len(previews)} contributions and the ciphertext published. Besides each "
            f"member's own validators, only {_who_could_read(dao)} could open it now."
        )
        _try_without_key(dao, pool, told)
        offer = _offer(dao, pool, told)
        proposal = _vote(dao, offer, told)
        sale_id = _deliver(dao, offer, pool, proposal, told)
        dataset = dao.buyer.receive(sale_id)
        told.line(f"The buyer opened {dataset.num_members} envelopes: {dataset.num_rows:,} rows of artists and shares.")
        unopened = _try_excluded(dao, offer, pool, sale_id, told)
        payouts = _claim(dao, previews, exports, pool, told)
        summary = _summarise(dao, proposal, sale_id, dataset, payouts, unopened, told, int(time.monotonic() - started))
    _write(output, summary, told, payouts, dao.warning, dataset)
    return summary


def _contribute(dao: LocalCollective, exports: Sequence[SampleExport], told: Told) -> list[Preview]:
    previews = [member.preview(export, scope=SCOPE) for member, export in zip(dao.members, exports, strict=True)]
    plays = sum(preview.records.records for preview in previews)
    told.line(
        f"{len(previews)} members previewed their exports: {plays:,} plays stay with them and the validators they "
        f"chose, {sum(len(p.rows) for p in previews):,} rows (artist, share, rank, months) may be sold."
    )
    for number, (member, preview) in enumerate(zip(dao.members, previews, strict=True)):
        member.contribute(preview)
        if number == REFUSED_TO_REPEAT:
            _try_somebody_elses(dao, previews[number], told)
    invented = sum(export.invented for export in exports)
    told.line(
        "Each was encrypted, attested by 2 of 3 validators and recorded; contribution tokens were minted. "
        f"{invented} exports are invented, in the real formats; 1 is a small openly licensed third-party file "
        f"of {exports[-1].plays} plays."
    )
    return previews


def _try_somebody_elses(dao: LocalCollective, preview: Preview, told: Told) -> None:
    try:
        dao.members[REFUSED_TO_REPEAT + 1].contribute(preview)
    except NotAllowedError as error:
        told.refused("Another member sends the very same export", "the validators", error)
        return
    raise AssertionError("the same export was accepted from another member")


def _try_without_key(dao: LocalCollective, pool: Pool, told: Told) -> None:
    """Somebody who has the published file and a key of their own making."""
    contribution = dao.collective.registry.contributions(pool)[0]
    stranger = sign_node(SecretScalar.generate(), pool_identity(dao.collective, pool), Node(pool.height, 0))
    try:
        _open(dao, contribution.record.content, stranger)
    except UnwrappedError as error:
        told.refused("A stranger opens a published envelope with a made-up key", "the envelope", error)
        return
    raise AssertionError("an envelope opened without its key")


def _open(dao: LocalCollective, content: bytes, key: NodeKey) -> None:
    with dao.store.fetch(resolve(dao.store, content)) as file:
        envelope.open(file, io.BytesIO(), key)


def _offer(dao: LocalCollective, pool: Pool, told: Told) -> Offer:
    weight = dao.buyer.inspect(pool).weight
    offer = dao.buyer.offer(pool, price=PRICE, purpose=PURPOSE, min_eligible_weight=weight // 2)
    price = amount_text(dao.collective, offer.currency, offer.price)
    told.line(
        f"A buyer escrowed {price} for the purpose {PURPOSE!r}, if at least half of {weight:,} share points stay in."
    )
    return offer


def _vote(dao: LocalCollective, offer: Offer, told: Told) -> int:
    proposal = dao.members[0].propose(offer)
    for number in OPT_OUTS:
        dao.members[number].opt_out(offer)
    voters = [member for number, member in enumerate(dao.members) if number not in OPT_OUTS]
    for member, support in zip(voters, VOTES, strict=True):
        member.vote(proposal, support)
    tally = dao.collective.governor.tally(proposal)
    told.line(
        f"Members voted: {tally.in_favour} for, {tally.against} against, {tally.abstain} abstained; "
        f"{len(OPT_OUTS)} opted out of this sale."
    )
    return proposal


def _deliver(dao: LocalCollective, offer: Offer, pool: Pool, proposal: int, told: Told) -> bytes:
    dao.relayer.execute(dao.collective.governor.proposal(proposal))
    told.line("After the opt-out window the vote was executed: it approved exactly this offer and nothing else.")
    sale_id = dao.collective.market.sale_id(offer)
    dao.custodian.fix_exclusions(sale_id)
    _try_wrong_key(dao, offer, pool, sale_id, told)
    _release_wrong_share(dao, offer, pool, sale_id)
    for bad in dao.serve(silent=(UNRELIABLE,)):
        told.refused(
            f"Key keeper {bad.custodian} releases a wrong share", "the other key keepers", DeliveryError(bad.why)
        )
    dao.settle(proposal)
    nodes = len(dao.collective.market.deliveries(sale_id))
    generation = dao.collective.committee.generation(pool.generation)
    ready = len(dao.collective.committee.ready_of(pool.generation, sale_id))
    told.line(
        f"{ready} of {len(dao.custodians)} key keepers said READY; shares of {generation.threshold} make the {nodes} "
        f"node keys over all but the {len(OPT_OUTS)}. The contract checked each one's pairing, then credited money."
    )
    return sale_id


def _formed(dao: LocalCollective) -> str:
    """How the committee's key came to be."""
    generation = dao.collective.committee.current()
    if generation.one_can_read:
        return f"The committee is {generation.shape}: one key keeper made the key alone."
    return f"None of the {len(generation.custodians)} knows the whole key: they formed it on-chain, without a dealer."


def _who_could_read(dao: LocalCollective) -> str:
    generation = dao.collective.committee.current()
    if generation.one_can_read:
        return "the one key keeper"
    return f"{generation.threshold} of the {len(generation.custodians)} key keepers against the rules"


def _release_wrong_share(dao: LocalCollective, offer: Offer, pool: Pool, sale_id: bytes) -> None:
    """One key keeper posts shares that are made from something else than its share."""
    index, identity, sale = UNRELIABLE + 1, pool_identity(dao.collective, pool), sale_identity(dao.collective, sale_id)
    node = dao.custodian.cover(sale_id, offer)[0]
    share = make_share(index, SecretScalar.generate(), identity, node, sale, buyer_key(offer))
    committee = dao.collective.committee
    keeper = dao.keepers[UNRELIABLE]
    committee.post_shares(keeper, pool.generation, sale_id, 0, [share.C1.words], [share.C2.words])


def _try_wrong_key(dao: LocalCollective, offer: Offer, pool: Pool, sale_id: bytes, told: Told) -> None:
    """A full delivery under a key that is not the committee's."""
    wrong, buyer = SecretScalar.generate(), buyer_key(offer)
    identity = pool_identity(dao.collective, pool)
    nodes = []
    for node in dao.custodian.cover(sale_id, offer)[:NODES_PER_CALL]:
        key = sign_node(wrong, identity, node).to_secret_point()
        nodes.append(NodeDelivery(node.height, node.index, P1.words, (key + buyer.B1).words))
    try:
        dao.collective.market.deliver(dao.faucet, offer, nodes, [])
    except ContractRefusedError as error:
        told.refused("Somebody delivers a wrong key to be paid", "the contract", error)
        return
    raise AssertionError("the contract accepted a wrong key")


def _try_excluded(dao: LocalCollective, offer: Offer, pool: Pool, sale_id: bytes, told: Told) -> int:
    """Every excluded envelope against everything that the buyer has; how many stayed shut."""
    keys = dao.buyer.open_keys(sale_id, offer, pool)
    shut = 0
    for contribution in dao.collective.registry.contributions(pool):
        if not dao.collective.market.is_excluded(sale_id, contribution.number):
            continue
        # Each key is passed off as the key of every node above the member, so that the wraps themselves must refuse it.
        errors: list[UnwrappedError] = []
        above = path(contribution.number, pool.height)
        for key, node in product(keys, above):
            try:
                _open(dao, contribution.record.content, _passed_off(key, node))
            except UnwrappedError as error:
                errors.append(error)
        if len(errors) == len(keys) * len(above):
            shut += 1
            locks = f"{len(keys)} keys on all {len(above)} locks of member number {contribution.number}"
            tried = f"The buyer tries {locks}, who opted out"
            told.refused(tried, "the envelope", errors[-1])
    return shut


def _passed_off(key: NodeKey, node: Node) -> NodeKey:
    return NodeKey.from_trusted_point(key.pool, node, key.to_secret_point())


def _claim(
    dao: LocalCollective, previews: Sequence[Preview], exports: Sequence[SampleExport], pool: Pool, told: Told
) -> list[Payout]:
    payouts = []
    for number, (member, preview, export) in enumerate(zip(dao.members, previews, exports, strict=True)):
        contribution = dao.collective.registry.contribution_of(pool, member.address)
        payouts.append(
            Payout(
                member=f"member {number + 1}",
                export=export.format,
                plays=preview.records.records,
                weight=contribution.record.weight if contribution else 0,
                amount=member.claim().amount,
                note="opted out" if number in OPT_OUTS else "",
            )
        )
    paid = sum(payout.amount for payout in payouts)
    told.line(
        f"Everybody collected: {amount_text(dao.collective, dao.currency, paid)} went to "
        f"{sum(p.amount > 0 for p in payouts)} members by share points; who opted out got nothing."
    )
    return payouts


def _summarise(
    dao: LocalCollective,
    proposal: int,
    sale_id: bytes,
    dataset: Dataset,
    payouts: Sequence[Payout],
    unopened: int,
    told: Told,
    seconds: int,
) -> Summary:
    collective = dao.collective
    tally = collective.governor.tally(proposal)
    revenue = next(r for r in collective.splitter.revenue() if r.sale_id == sale_id)
    pool = collective.registry.pools()[0]
    paid = sum(payout.amount for payout in payouts)
    return Summary(
        members=collective.membership.members_ever(),
        contributions=len(collective.registry.contributions(pool)),
        price=collective.market.offer_of(sale_id).price,
        fees=revenue.treasury + revenue.operators,
        paid_to_members=paid,
        dust=revenue.members - paid,
        votes_for=tally.in_favour,
        votes_against=tally.against,
        votes_abstain=tally.abstain,
        opt_outs=len(collective.market.opt_outs(sale_id)),
        excluded_unopened=unopened,
        delivered_nodes=len(collective.market.deliveries(sale_id)),
        committee=collective.committee.generation(pool.generation).shape,
        dataset_rows=dataset.num_rows,
        dataset_sha256=dataset.sha256,
        refusals=tuple(told.refusals),
        chain=collective.client.node_version,
        seconds=seconds,
    )


def _write(
    output: Path, summary: Summary, told: Told, payouts: Sequence[Payout], warning: str, dataset: Dataset
) -> None:
    output.mkdir(parents=True, exist_ok=True)
    (output / "summary.json").write_text(summary.model_dump_json(indent=2) + "\n")
    (output / "index.html").write_text(render(summary, told.lines, payouts, warning))
    dataset.write_table(output / "dataset.parquet")
    told.line(f"Written to {output}: dataset.parquet, index.html, summary.json.")
