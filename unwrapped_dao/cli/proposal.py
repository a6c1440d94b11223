"""`unwrapped-dao proposal`: what is voted on, in words made from the calldata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .relayer import SignTo
from .relayer import told as signed
from .verbs import ANYBODY, Call, Told, verb

if TYPE_CHECKING:
    from ..chain.collective import Collective
    from ..chain.governor import Proposal

noun = typer.Typer(help="Votes: list, show, create, vote, queue, execute.", no_args_is_help=True)

_Reference = Annotated[str, typer.Argument(metavar="PROPOSAL", help="Its number in `proposal list`, or its id.")]


@verb(noun, "list")
def list_(call: Call) -> Told:
    """Every proposal with its state."""
    with call.open() as app:
        collective = app.collective
        rows = [_facts(collective, n, p) for n, p in enumerate(collective.governor.proposals(), start=1)]
    lines = [f"{row['number']:>3}. {row['state']}: {' '.join(row['does'])}" for row in rows]
    return Told({"proposals": rows}, lines or ["Nothing was proposed yet."])


@verb(noun, "show")
def show(call: Call, proposal: _Reference) -> Told:
    """What a proposal does (from its bytes, not from its proposer's prose), the votes, and what happens next."""
    from .references import proposal_of

    with call.open() as app:
        number, found = proposal_of(app.collective, proposal)
        facts = _facts(app.collective, number, found)
    lines = [
        f"Proposal {number}, by {found.proposer}: {facts['state']}.",
        *(f"  {sentence}" for sentence in facts["does"]),
        f"Votes: {facts['for']} for, {facts['against']} against, {facts['abstain']} abstain; {facts['quorum_text']}",
        f"Next: {facts['next']}",
        f"id {found.id}",
    ]
    return Told(facts, lines)


@verb(noun, "create", account="member", sends=True)
def create(
    call: Call,
    sale: Annotated[
        list[str] | None, typer.Option(metavar="SALE", help="An offer to approve, by number or id; repeat for more.")
    ] = None,
    call_: Annotated[
        list[str] | None,
        typer.Option(
            "--call",
            metavar="CALL",
            help="Another call, e.g. 'RevenueSplitter.setFees(100, 200)'; amounts in base units.",
        ),
    ] = None,
    note: Annotated[str, typer.Option(help="Public; makes it another proposal after a defeat.")] = "",
) -> Told:
    """Propose to approve offers, or another call that votes may make. Proposing again gives the same proposal."""
    from ..errors import InputError
    from .references import sale_of

    if bool(sale) == bool(call_):
        raise InputError("A proposal approves sales or makes other calls.", hint="Give --sale or --call, not both.")
    with call.open() as app:
        collective, member = app.collective, app.member(call.account)
        if sale:
            identifier = member.propose(*(sale_of(collective, reference)[1] for reference in sale), note=note)
        else:
            from ..chain.callwords import action_of
            from .amounts import currency_symbols

            def address_of(word: str) -> str:
                symbols = {symbol: address for address, symbol in currency_symbols(collective).items()}
                return symbols.get(word) or app.accounts.address_of(word)

            actions = [action_of(collective, text, address_of) for text in call_ or []]
            identifier = member.propose_calls(actions, note or "; ".join(call_ or []))
        state = collective.governor.state(identifier).name.lower()
        return _told(collective, identifier, "is proposed" if state in ("pending", "active") else f"is {state}")


@verb(noun, "vote", account="member", sends=True)
def vote(
    call: Call,
    proposal: _Reference,
    support: Annotated[str, typer.Argument(metavar="for|against|abstain")],
    sign: SignTo = None,
) -> Told:
    """Cast your ballot: one member, one vote, once."""
    from ..chain.governor import SUPPORT
    from ..errors import InputError
    from .references import proposal_of

    chosen = next((word for word in SUPPORT if word == support.lower()), None)
    if chosen is None:
        raise InputError(f"{support!r} is no vote.", hint="Say for, against or abstain.")
    with call.open() as app:
        collective = app.collective
        number, found = proposal_of(collective, proposal)
        for sentence in _does(collective, found):
            call.talk.say(sentence)
        if sign is not None:
            return signed(app.requests(call.account).vote(found.id, chosen), sign)
        app.member(call.account).vote(found.id, chosen)
        told = _told(collective, found.id, f"has your vote: {chosen}", number)
        return Told({**told.data, "vote": chosen}, [told.lines[0], told.lines[-1]])


@verb(noun, "queue", account=ANYBODY, sends=True)
def queue(call: Call, proposal: _Reference) -> Told:
    """Wait for the end of the vote and start the timelock: the time to opt out."""
    from .references import proposal_of

    with call.open() as app:
        number, found = proposal_of(app.collective, proposal)
        app.relayer(*call.payers()).queue(found, call.talk.progress)
        return _told(app.collective, found.id, "is queued", number)


@verb(noun, "execute", account=ANYBODY, sends=True)
def execute(call: Call, proposal: _Reference) -> Told:
    """Queue it if that is still to do, wait out the timelock, and execute it, once."""
    from .references import proposal_of

    with call.open() as app:
        collective = app.collective
        number, found = proposal_of(collective, proposal)
        app.relayer(*call.payers()).execute(found, call.talk.progress)
        told = _told(collective, found.id, "is executed", number)
        return Told({**told.data, "sales": _sales(collective, found)}, [*told.lines, *_sale_lines(collective, found)])


def _told(collective: Collective, identifier: int, what: str, number: int | None = None) -> Told:
    proposals = collective.governor.proposals()
    place = number or next(n for n, p in enumerate(proposals, start=1) if p.id == identifier)
    facts = _facts(collective, place, proposals[place - 1])
    return Told(facts, [f"Proposal {place} {what}.", *facts["does"], f"Next: {facts['next']}"])


def _does(collective: Collective, proposal: Proposal) -> list[str]:
    from ..chain.calldata import describe

    return [sentence for action in proposal.actions for sentence in describe(collective, action)]


def _sales(collective: Collective, proposal: Proposal) -> list[dict[str, Any]]:
    """What became of the sales of an executed approval."""
    from ..chain.calldata import sales_of

    found = []
    for sale_id in (s for action in proposal.actions for s in sales_of(collective, action)):
        state = collective.market.sale(sale_id).state.name.lower()
        why = [reason.sentence for reason in collective.market.skipped(sale_id)] if state == "offered" else []
        found.append({"sale": sale_id, "state": state, "skipped_because": why})
    return found


def _sale_lines(collective: Collective, proposal: Proposal) -> list[str]:
    lines = []
    for row in _sales(collective, proposal):
        why = f": it was skipped, because {'; '.join(row['skipped_because'])}" if row["skipped_because"] else ""
        lines.append(f"Sale 0x{row['sale'].hex()[:12]}… is {row['state']}{why}.")
    return lines


def _facts(collective: Collective, number: int, proposal: Proposal) -> dict[str, Any]:
    governor = collective.governor
    state, tally, now = governor.state(proposal.id), governor.tally(proposal.id), collective.client.now()
    # The snapshot is the second at which the vote begins; before it, who may vote is not known.
    quorum = governor.quorum(proposal.vote_start) if now > proposal.vote_start else None
    reached = quorum is not None and tally.in_favour + tally.abstain >= quorum
    return {
        "number": number,
        "id": str(proposal.id),
        "proposer": proposal.proposer,
        "state": state.name.lower(),
        "does": _does(collective, proposal),
        "description": proposal.description,
        "for": tally.in_favour,
        "against": tally.against,
        "abstain": tally.abstain,
        "quorum": quorum,
        "quorum_reached": reached,
        "quorum_text": "the quorum is counted when the vote begins."
        if quorum is None
        else f"quorum {quorum} (for and abstain): {'reached' if reached else 'not reached'}.",
        "vote_start": proposal.vote_start,
        "vote_end": proposal.vote_end,
        "eta": governor.eta(proposal.id),
        "next": _next(collective, proposal, number),
    }


def _next(collective: Collective, proposal: Proposal, number: int) -> str:
    from ..chain.governor import ProposalState
    from .references import moment

    state, now = collective.governor.state(proposal.id), collective.client.now()
    if state is ProposalState.PENDING:
        return f"voting begins at {moment(proposal.vote_start)}."
    if state is ProposalState.ACTIVE:
        return (
            f"voting ends at {moment(proposal.vote_end)}: `unwrapped-dao proposal vote {number} for|against|abstain`. "
            "Members who do not want a sale opt out until it is executed."
        )
    if state is ProposalState.SUCCEEDED:
        return f"anybody queues it: `unwrapped-dao proposal queue {number}`."
    if state is ProposalState.QUEUED:
        eta = collective.governor.eta(proposal.id)
        when = "now" if now >= eta else f"from {moment(eta)} on"
        return f"anybody executes it {when}: `unwrapped-dao proposal execute {number}`; until then members may opt out."
    if state is ProposalState.EXECUTED:
        return "nothing; it is done. Custodians deliver approved sales: `unwrapped-dao custodian run`."
    return "nothing; it failed. `unwrapped-dao proposal create` with --note proposes the same again."
