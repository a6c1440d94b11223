"""`unwrapped-dao member`: from an export to a payout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import plural
from .relayer import SignTo
from .relayer import told as signed
from .validator import Urls, urls
from .verbs import Call, Told, verb

if TYPE_CHECKING:
    from ..chain.collective import Collective
    from ..chain.registry import Pool
    from ..roles.member import Member

noun = typer.Typer(help="A member: preview, contribute, opt out, claim.", no_args_is_help=True)

_Exports = Annotated[
    list[Path], typer.Argument(metavar="EXPORT...", help="Zip, folder or file, as the service sent it.")
]
_Scope = Annotated[str | None, typer.Option(help="What is shared.  [default: the collective's only scope]")]
_EARLIER_BUYER = "A key above your envelope was delivered before: whoever has it can still open yours."
_Epoch = Annotated[int | None, typer.Option(help="Of the scope's pools.  [default: the newest]")]


@verb(noun, "preview")
def preview(
    call: Call,
    exports: _Exports,
    scope: Annotated[str, typer.Option(help="What would be shared.")] = "artist-preferences",
    rows: Annotated[int, typer.Option(help="How many of the buyers' rows to show.")] = 10,
    validators: Urls = None,
) -> Told:
    """Show what contributing would show: to buyers, to validators, and what stays. Needs no chain, sends nothing.

    Named validators are not contacted. The interpreter itself refuses every socket while the export is read.
    """
    from ..roles.member import preview as previewed

    made = previewed(*exports, scope=scope)
    named = urls(call, validators)
    data = {
        "kind": made.kind,
        "scope": made.scope,
        "sentence": made.sentence,
        "purposes": made.purposes,
        "base_terms": made.base_terms,
        "rows": [dict(row) for row in made.rows],
        "validators_see": made.records.sentence,
        "validators": named,
        "records": made.records.records,
        "records_sample": [dict(record) for record in made.records.sample],
        "never_contains": made.never_contains,
        "stays_home": made.stays_home,
        "warning": made.warning,
        "import": made.summary.lines(),
    }
    lines = [*made.summary.lines(), "", *made.lines(show=rows, validators=named)]
    lines.append(f"For the purposes: {', '.join(made.purposes)}.")
    return Told(data, [*lines, "What contributing cannot undo: docs/limits.md."])


@verb(noun, "join", account="member", sends=True)
def join(call: Call, sign: SignTo = None) -> Told:
    """Become a member, or come back with the old number."""
    with call.open() as app:
        _warn(call, app.collective)
        if sign is not None:
            return signed(app.requests(call.account).join(), sign)
        member = app.member(call.account).join()
        data = {"address": member.address, "number": member.number, "active": member.is_active}
        return Told(data, [f"{member.address} is member number {member.number}."])


@verb(noun, "contribute", account="member", sends=True)
def contribute(
    call: Call, exports: _Exports, scope: _Scope = None, validators: Urls = None, sign: SignTo = None
) -> Told:
    """Encrypt, have it attested, record, mint. Joins first if needed.

    It is shown to the validators at these URLs, or else to this workspace's own; to no more of them than needed.
    """
    from ..errors import NotAllowedError
    from ..roles.member import preview as previewed
    from .references import scope_name

    with call.open() as app:
        collective = app.collective
        _warn(call, collective)
        made = previewed(*exports, scope=scope_name(collective, scope))
        named = urls(call, validators)
        if named and call.dry_run:
            raise NotAllowedError(
                "A dry run asks no validators elsewhere: that would show them your records.",
                hint="`unwrapped-dao member preview` tells what they would see.",
            )
        reached = app.reach(named) if named else None
        local = app.validators() if reached is None else ()
        call.talk.warn([f"{file} {reason}" for file, reason in made.summary.failed])
        for line in made.lines(show=3)[:-1]:
            call.talk.say(line)
        names = [v.name for v in (reached.validators if reached else local)]
        call.talk.say(f"Validators it is shown to: {', '.join(names) or 'none are here'}.")
        for url, problem in reached.unreached if reached else ():
            call.talk.say(f"Not reached: {url}: {problem.message} {problem.hint}")
        member = app.member(call.account, showing_to=local, reached=reached)
        if sign is not None:
            return signed(member.sign_contribution(made, call.talk.progress), sign)
        done = member.contribute(made, call.talk.progress)
    data = {
        "scope": made.scope,
        "epoch": done.pool.epoch,
        "number": done.number,
        "version": done.record.version,
        "weight": done.weight,
        "content": done.record.content,
        "rows": len(made.rows),
        "already": done.already,
    }
    verb_ = "had contributed this already" if done.already else "contributed"
    return Told(
        data,
        [
            f"Member {done.number} {verb_}: {plural(len(made.rows), 'row')}, {done.weight} share points in epoch "
            f"{done.pool.epoch} of {made.scope} (version {done.record.version}).",
            "Until the pool is sealed you can replace or withdraw it: `unwrapped-dao member withdraw`.",
        ],
    )


@verb(noun, "status", account="member")
def status(call: Call) -> Told:
    """Your membership, contributions, what can be claimed, and who could read you now."""
    from ..chain.calldata import amount_text
    from ..roles.buyer import scope_of

    with call.open() as app:
        collective, member = app.collective, app.member(call.account)
        found = member.status()
        if found.membership is None:
            hint = "Join with `unwrapped-dao member join`, or look first: `unwrapped-dao member preview`."
            return Told({"address": member.address, "member": False}, [f"{member.address} is no member.", hint])
        contributions, lines = [], [_standing(found.membership)]
        for pool, live in found.contributions:
            scope = scope_of(pool)
            who = member.exposure(pool, live)
            contributions.append(
                {
                    "scope": scope.name if scope else pool.scope_id,
                    "epoch": pool.epoch,
                    "pool": pool.state.name.lower(),
                    "weight": live.record.weight,
                    "version": live.record.version,
                    "content": live.record.content,
                    "withdrawn": collective.registry.withdrawal_ordinal(pool, live.number) > 0,
                    "readers": [{"who": reader.who, "how": reader.how} for reader in who.readers],
                    "who_could_read": who.sentence,
                    "deliveries": who.deliveries,
                    "delivered_with_yours": who.to_you,
                }
            )
            name = scope.name if scope else f"0x{pool.scope_id.hex()[:12]}…"
            lines.append(f"Epoch {pool.epoch} of {name}, {pool.state.name.lower()}: {live.record.weight} share points.")
            lines += [f"  {who.sentence}", "  Who could read it now:"]
            lines += [f"    {reader.who}: {reader.how}" for reader in who.readers]
        due = [{"epoch": pool.epoch, "currency": c, "amount": amount} for pool, c, amount in found.claimable]
        lines += [
            f"To claim: {amount_text(collective, c, amount)} from epoch {p.epoch}." for p, c, amount in found.claimable
        ]
        if not due:
            lines.append("Nothing is due to be claimed.")
        mine = found.payout == member.address
        lines.append(
            f"Whoever claims for you, the money goes to {'your own address' if mine else found.payout}"
            f"{'' if mine else ', the payout address that you registered'}; `unwrapped-dao member payout` changes it."
        )
        data = {
            "address": member.address,
            "member": True,
            "payout": found.payout,
            "number": found.membership.number,
            "active": found.membership.is_active,
            "left": found.membership.has_left,
            "contributions": contributions,
            "claimable": due,
        }
        return Told(data, lines)


@verb(noun, "opt-out", account="member", sends=True)
def opt_out(
    call: Call,
    sale: Annotated[str, typer.Argument(help="The offer's number, or the beginning of its id.")],
    sign: SignTo = None,
) -> Told:
    """Refuse one sale. Final: no key is delivered for you there, and you are not paid from it."""
    from .references import sale_of

    with call.open() as app:
        sale_id, offer = sale_of(app.collective, sale)
        if sign is not None:
            return signed(app.requests(call.account).opt_out(sale_id), sign)
        member = app.member(call.account)
        done = member.opt_out(sale_id)
        earlier = _opened_already(app.collective, member, app.collective.registry.pool(offer.scope_id, offer.epoch))
    lines = [f"Member {done.number} is opt-out number {done.ordinal} of sale 0x{sale_id.hex()[:12]}…; it is final."]
    lines += [_EARLIER_BUYER] if earlier else []
    return Told({"sale": sale_id, "number": done.number, "ordinal": done.ordinal, "sold_before": earlier}, lines)


@verb(noun, "claim", account="member", sends=True)
def claim(call: Call) -> Told:
    """Collect everything that is due, from all pools and currencies. Again it pays nothing."""
    from ..errors import NotAllowedError
    from .earnings import payment_lines, payment_rows

    with call.open() as app:
        member = app.member(call.account)
        done = member.claim()
        if not done.payments and app.collective.membership.member(member.address) is None:
            raise NotAllowedError(
                f"{member.address} is no member, so it has nothing to claim.",
                hint="Name the account that you contributed with: --as ACCOUNT; see `unwrapped-dao account list`.",
            )
        lines = payment_lines(call, app.collective, done)
    nothing = ["Nothing is due: everything was paid out already, or nothing was sold."]
    return Told({"payments": payment_rows(done)}, lines or nothing, code=5 if done.refused else 0)


@verb(noun, "payout", account="member", sends=True)
def payout(
    call: Call,
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help="Where claims pay from now on, or an account here.")
    ] = None,
    own: Annotated[bool, typer.Option("--own", help="To your own address again.")] = False,
) -> Told:
    """Say where your money goes, whoever claims it: what is due already and not claimed yet, too.

    The address is public, and tied to yours there. Who loses the key of a payout address names another.
    """
    from ..errors import InputError

    if (address is None) is not own:
        raise InputError("A payout goes to one address.", hint="Give an address, or --own for your own.")
    with call.open() as app:
        member = app.member(call.account)
        goes_to = member.set_payout(None if address is None else app.accounts.payee(address))
    mine = goes_to == member.address
    lines = [f"Whoever claims for {member.address}, the money goes to {'that address itself' if mine else goes_to}."]
    if not mine:
        lines.append("Make sure that you hold its key: nobody can bring back what was paid there.")
    return Told({"address": member.address, "payout": goes_to, "own": mine}, lines)


@verb(noun, "withdraw", account="member", sends=True)
def withdraw(call: Call, scope: _Scope = None, epoch: _Epoch = None, sign: SignTo = None) -> Told:
    """Take a contribution back: burnt before the seal, left out of all later sales after it."""
    from ..chain.registry import PoolState
    from .references import pool_of, scope_name

    with call.open() as app:
        name = scope_name(app.collective, scope)
        if sign is not None:
            return signed(app.requests(call.account).withdraw(pool_of(app.collective, name, epoch)), sign)
        member = app.member(call.account)
        pool = member.withdraw(name, epoch)
        earlier = _opened_already(app.collective, member, pool)
    sealed = pool.state is PoolState.SEALED
    what = "you are left out of every later sale of it" if sealed else "it was burnt and will never be published"
    lines = [f"Withdrawn from epoch {pool.epoch} of {name}: {what}.", *([_EARLIER_BUYER] if earlier else [])]
    data = {"scope": name, "epoch": pool.epoch, "pool": pool.state.name.lower(), "burnt": not sealed}
    return Told(data | {"sold_before": earlier}, lines)


@verb(noun, "leave", account="member", sends=True)
def leave(call: Call, sign: SignTo = None) -> Told:
    """End your vote. Withdraws nothing and opts out of nothing: that is `withdraw` and `opt-out`."""
    with call.open() as app:
        if sign is not None:
            return signed(app.requests(call.account).leave(), sign)
        member = app.member(call.account)
        member.leave()
        live = len(member.status().contributions)
    lines = ["You have left; your number comes back if you join again."]
    if live:
        lines.append(f"You keep {plural(live, 'contribution')}: leaving withdraws nothing and opts out of nothing.")
    return Told({"address": member.address, "contributions": live}, lines)


def _standing(membership: Any) -> str:
    state = "has left" if membership.has_left else "votes" if membership.is_active else "does not vote yet"
    return f"{membership.address} is member number {membership.number} and {state}."


def _opened_already(collective: Collective, member: Member, pool: Pool) -> bool:
    """Whether a buyer got a key that opens this member's envelope."""
    live = collective.registry.contribution_of(pool, member.address)
    return live is not None and member.exposure(pool, live).to_you > 0


def _warn(call: Call, collective: Collective) -> None:
    from ..chain.powers import warnings

    call.talk.warn(warnings(collective))
