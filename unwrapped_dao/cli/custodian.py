"""`unwrapped-dao custodian`: form the committee key, deliver what was approved, keep and renew the share.

Not here: the rounds of `custodian run` (custodian_rounds.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import plural
from .verbs import Call, Told, verb

if TYPE_CHECKING:
    from ..chain.committee import Generation
    from ..roles.custodian import Custodian

noun = typer.Typer(help="A custodian: committee key, deliveries, backups.", no_args_is_help=True)

_PAUSE_S = 15.0
_Every = Annotated[float, typer.Option(metavar="SECONDS", help="Between two looks.")]


@verb(noun, "setup", account="custodian", sends=True)
def setup(
    call: Call,
    wait: Annotated[bool, typer.Option("--wait", help="Go on, step by step, until the key is formed.")] = False,
    every: _Every = _PAUSE_S,
) -> Told:
    """Do your part in forming (or resharing) the newest committee key. Run again it goes on from where it was."""
    import time

    said = ""
    while True:
        with call.open() as app:
            stand = app.custodian(call.account, told=call.talk.say).setup()
            generation = app.collective.committee.generation(stand.generation)
            folder = app.workspace.keys
        if stand.over or not wait:
            break
        if stand.sentence != said:
            call.talk.say(stand.sentence)
        said = stand.sentence
        time.sleep(max(every, 1.0))
    if stand.active and generation.one_can_read:
        call.talk.warn([f"This committee is {generation.shape}: its one custodian could open every envelope."])
    data = {
        "generation": stand.generation,
        "committee": generation.shape,
        "state": generation.state.name.lower(),
        "phase": stand.phase,
        "did": list(stand.did),
        "waits_for": stand.sentence,
        "holds_share": stand.holds_share,
    }
    lines = [stand.sentence]
    if stand.holds_share:
        lines.append(f"Its secret is in {folder}: back it up with `unwrapped-dao custodian backup FILE`.")
    return Told(data, [*lines, _next(stand.active, generation)])


@verb(noun, "run", account="custodian", sends=True)
def run(
    call: Call,
    once: Annotated[bool, typer.Option("--once", help="One look, everything that is due, and an end.")] = False,
    every: _Every = _PAUSE_S,
    witness: Annotated[
        str | None, typer.Option(metavar="URL", help="A second node: nothing is done that both do not call final.")
    ] = None,
) -> Told:
    """Serve approved sales until stopped: fix exclusions, say READY, release shares, combine, deliver; once each.

    Works on final blocks only, derives exclusions and cover itself, and goes on where it was after any interruption.
    """
    from . import custodian_rounds

    if once or call.dry_run:
        return custodian_rounds.one(call, witness)
    custodian_rounds.until_stopped(call, every, witness)
    raise typer.Exit(0)


@verb(noun, "status", account="custodian")
def status(call: Call) -> Told:
    """Which committee keys there are, which are yours, what waits to be delivered, and what you have not collected."""
    from ..chain.earnings import earnings
    from ..chain.powers import generations
    from .earnings import row, waiting_line
    from .references import moment, number_of

    with call.open() as app:
        collective = app.collective
        here = app.accounts.has(call.account)
        custodian = app.custodian(call.account) if here else None
        address = app.accounts.address(call.account) if here else ""
        keys = [_key(g, address, custodian) for g in generations(collective)]
        waiting: list[dict[str, Any]] = []
        for sale_id, offer in collective.market.offers().items():
            sale = collective.market.sale(sale_id)
            if sale.state.name == "APPROVED":
                ready = collective.committee.ready_of(sale.generation, sale_id)
                waiting.append(
                    {
                        "number": number_of(collective, sale_id),
                        "sale": sale_id,
                        "epoch": offer.epoch,
                        "ready": sorted(ready),
                        "ready_until": sale.approved_at + sale.delivery_window // 2,
                        "delivered_leaves": sale.cursor,
                        "deadline": sale.delivery_deadline,
                    }
                )
        earned = earnings(collective, [address] if address else [])
        to_collect = [waiting_line(collective, each, f"custodian collect --as {call.account}") for each in earned]
    lines = [_key_line(k) for k in keys]
    lines += [
        f"sale {w['number']} of epoch {w['epoch']} waits; {len(w['ready'])} said READY; shares until "
        f"{moment(w['deadline'])}"
        for w in waiting
    ]
    if not waiting:
        lines.append("No sale waits to be delivered.")
    data = {"keys": keys, "waiting": waiting, "to_collect": [row(earning) for earning in earned]}
    return Told(data, [*lines, *to_collect])


@verb(noun, "collect", account="custodian", sends=True)
def collect(call: Call) -> Told:
    """Have your part of the operators' fees paid, of every key and in every currency, and what was credited to you.

    Again it pays nothing. The money goes to the custodian's account; anybody may do it with `relayer collect`.
    """
    from .earnings import told

    with call.open() as app:
        custodian = app.custodian(call.account, told=call.talk.say)
        return told(call, app.collective, custodian.address, custodian.collect(call.talk.progress))


@verb(noun, "heartbeat", account="custodian", sends=True)
def heartbeat(call: Call) -> Told:
    """Post your part of this week's sign of life, which opening an epoch needs. `custodian run` does it by itself."""
    with call.open() as app:
        posted = app.custodian(call.account, told=call.talk.say).post_heartbeat()
    line = "Your part of this week's sign of life is posted." if posted else "There was nothing left to post."
    return Told({"posted": posted}, [line])


@verb(noun, "backup", account="custodian")
def backup(call: Call, file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> Told:
    """Write your shares, what they are made from, and your account into one file, encrypted as they are."""
    from ..crypto import backup as backups

    with call.open() as app:
        names = backups.save(file, app.custodian_keyfiles(call.account), app.passphrase())
    holds = f"{file} holds {plural(len(names), 'keyfile')}, each opened once to be sure."
    line = f"{holds} Keep it apart from its passphrase."
    return Told({"file": file, "keyfiles": names}, [line])


@verb(noun, "restore")
def restore(call: Call, file: Annotated[Path, typer.Argument(metavar="FILE", help="Of `custodian backup`.")]) -> Told:
    """Put the keyfiles of a backup into this workspace, where they are missing."""
    from ..app.accounts import KIND
    from ..crypto import backup as backups

    with call.open() as app:

        def place(name: str, kind: str) -> Path:
            return (app.workspace.accounts if kind == KIND else app.workspace.keys) / f"{name}.json"

        names = backups.restore(file, place, app.passphrase())
    line = f"Restored {plural(len(names), 'keyfile')}." if names else "Everything in this backup is here already."
    return Told({"restored": names}, [line, "See `unwrapped-dao custodian status`."])


@verb(noun, "forget", account="custodian")
def forget(
    call: Call,
    key: Annotated[int, typer.Argument(metavar="KEY", help="Which key; see `custodian status`.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Told:
    """Delete your share of a key that was shared anew, or that a vote retired. Old shares open everything under it."""
    from ..errors import InputError

    with call.open() as app:
        custodian = app.custodian(call.account)
        if not yes:
            raise InputError(
                f"This deletes {call.account}'s share of committee key {key} for ever, so it has to be confirmed.",
                hint="Add --yes. Backups are yours to delete besides.",
            )
        gone = custodian.forget(key)
    line = (
        f"Deleted {plural(len(gone), 'keyfile')} of committee key {key}." if gone else f"Nothing of key {key} was here."
    )
    return Told({"key": key, "deleted": gone}, [line, "Delete them in every backup too: they open as much as these."])


@verb(noun, "reshare", account="member", sends=True)
def reshare(
    call: Call,
    custodians: Annotated[str, typer.Option(metavar="A,B,C", help="The new custodians: accounts or addresses.")],
    threshold: Annotated[int, typer.Option(metavar="T", help="How many of them can open.")],
    key: Annotated[int | None, typer.Option(metavar="KEY", help="Which key.  [default: the current one]")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="A new key instead, for what is contributed from then on.")
    ] = False,
) -> Told:
    """Propose that new custodians share the same key: for a lost share, or to change who keeps it. Members vote.

    After the vote, t of the old custodians and all of the new run `custodian setup`. Old shares go on to work for t of
    the old custodians together, unless they delete them.
    """
    from ..chain.governor import Action

    with call.open() as app:
        committee = app.collective.committee
        addresses = [app.accounts.address_of(name.strip()) for name in custodians.split(",") if name.strip()]
        source = committee.current() if key is None else committee.generation(key)
        if fresh:
            what = f"Form a new committee key of {threshold} of {len(addresses)}"
            data = committee.board.form_calldata(addresses, threshold)
        else:
            what = f"Reshare committee key {source.number} to {threshold} of {len(addresses)}"
            data = committee.board.reshare_calldata(source.number, addresses, threshold)
        proposal = app.member(call.account).propose_calls([Action(committee.address, data)], what)
    lines = [f"Proposed: {what}."]
    if fresh:
        lines.append(f"Pools under key {source.number} stay with its custodians.")
    else:
        lines.append(
            f"Until they delete them, the old shares still open everything under this key, for any {source.threshold} "
            f"of the {len(source.custodians)} old custodians together."
        )
    lines.append(
        "Next: vote, `unwrapped-dao proposal execute`, then every custodian runs `unwrapped-dao custodian setup`."
    )
    facts = {"proposal": str(proposal), "source": source.number, "custodians": addresses, "threshold": threshold}
    return Told({**facts, "fresh": fresh}, lines)


# --- words ----------------------------------------------------------------------------------------------------------


def _key(generation: Generation, address: str, custodian: Custodian | None) -> dict[str, Any]:
    return {
        "generation": generation.number,
        "committee": generation.shape,
        "threshold": generation.threshold,
        "state": generation.state.name.lower(),
        "custodians": generation.custodians,
        "reshares": generation.source,
        "yours": address in generation.custodians,
        "share_kept": custodian is not None and custodian.holds(generation),
        "spare": custodian is not None and custodian.is_spare(generation),
        "one_can_read": generation.one_can_read,
    }


def _key_line(key: dict[str, Any]) -> str:
    mine = ", yours" if key["yours"] else ""
    if key["yours"] and key["state"] in ("active", "retired"):
        mine += ", its share is kept here" if key["share_kept"] else ", BUT ITS SHARE IS NOT HERE: restore a backup"
    line = f"key {key['generation']} ({key['committee']}), {key['state']}{mine}"
    if key["reshares"]:
        line += f"; the same key as {key['reshares']}, shared anew"
    if key["spare"]:
        why = "it is retired" if key["state"] == "retired" else "others serve it now"
        line += (
            f"; {why}, and {key['threshold']} of these old shares together still open everything under "
            f"it: `unwrapped-dao custodian forget {key['generation']}` deletes yours"
        )
    if key["one_can_read"]:
        line += ": its one custodian could open every envelope"
    return line


def _next(active: bool, generation: Generation) -> str:
    if not active:
        return "Run the same command again when the others have done theirs, or with --wait."
    if len(generation.custodians) == 1:
        return "Next: `unwrapped-dao pool open`."
    return "Next: `unwrapped-dao custodian run`; and `unwrapped-dao pool open` once enough custodians run."
