"""`unwrapped-dao custodian`: make the committee key, deliver what was approved."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from .verbs import Call, Told, verb

noun = typer.Typer(help="A custodian: key, deliveries.", no_args_is_help=True)

_PAUSE_S = 15.0


@verb(noun, "setup", account="custodian", sends=True)
def setup(call: Call) -> Told:
    """Make the committee key and post its public part. Its keyfile is worth all that is ever sold: back it up."""
    with call.open() as app:
        generation = app.custodian(call.account).setup()
        folder = app.workspace.keys
        if generation.one_can_read:
            call.talk.warn([f"This committee is {generation.shape}: its one custodian could open every envelope."])
    data = {"generation": generation.number, "committee": generation.shape, "state": generation.state.name.lower()}
    lines = [f"Committee key {generation.number} ({generation.shape}) is {data['state']}; its secret is in {folder}."]
    return Told(data, [*lines, "Next: `unwrapped-dao pool open`."])


@verb(noun, "run", account="custodian", sends=True)
def run(
    call: Call,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until stopped by Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(metavar="SECONDS", help="Between two looks with --watch.")] = _PAUSE_S,
) -> Told:
    """Fix exclusions and deliver every approved sale of this custodian's key. Interrupted, it goes on where it was."""
    told = _round(call)
    while watch:
        for line in told.lines:
            call.talk.say(line)
        time.sleep(max(every, 1.0))
        told = _round(call)
    return told


@verb(noun, "status", account="custodian")
def status(call: Call) -> Told:
    """Which committee keys there are, which of them are yours, and what waits to be delivered."""
    from ..chain.powers import generations
    from .references import moment, number_of

    with call.open() as app:
        collective = app.collective
        address = app.accounts.address(call.account) if app.accounts.has(call.account) else ""
        keys = [
            {
                "generation": g.number,
                "committee": g.shape,
                "state": g.state.name.lower(),
                "custodians": g.custodians,
                "yours": address in g.custodians,
                "one_can_read": g.one_can_read,
            }
            for g in generations(collective)
        ]
        waiting: list[dict[str, Any]] = []
        for sale_id, offer in collective.market.offers().items():
            sale = collective.market.sale(sale_id)
            if sale.state.name == "APPROVED":
                waiting.append(
                    {
                        "number": number_of(collective, sale_id),
                        "sale": sale_id,
                        "epoch": offer.epoch,
                        "delivered_leaves": sale.cursor,
                        "deadline": sale.delivery_deadline,
                    }
                )
    lines = [
        f"key {k['generation']} ({k['committee']}), {k['state']}{', yours' if k['yours'] else ''}"
        + (": its one custodian could open every envelope" if k["one_can_read"] else "")
        for k in keys
    ]
    lines += [
        f"sale {w['number']} of epoch {w['epoch']} waits; deliver before {moment(w['deadline'])}" for w in waiting
    ]
    if not waiting:
        lines.append("No sale waits to be delivered.")
    return Told({"keys": keys, "waiting": waiting}, lines)


def _round(call: Call) -> Told:
    """One look: everything that can be delivered now is."""
    with call.open() as app:
        custodian = app.custodian(call.account)
        before = [sale_id for sale_id, _, _ in custodian.pending_sales()]
        done = custodian.run_once(call.talk.progress)
        states = {s: app.collective.market.sale(s).state.name.lower() for s in before}
    rows: list[dict[str, Any]] = [
        {"sale": d.sale_id, "nodes": d.nodes, "transactions": d.transactions, "state": states[d.sale_id]} for d in done
    ]
    delivered = {d.sale_id for d in done}
    rows += [{"sale": s, "nodes": 0, "transactions": 0, "state": states[s]} for s in before if s not in delivered]
    lines = [
        f"Sale 0x{r['sale'].hex()[:12]}… is {r['state']}: {r['nodes']} node keys in {r['transactions']} transactions."
        for r in rows
    ]
    return Told({"sales": rows}, lines or ["Nothing waits to be delivered."])
