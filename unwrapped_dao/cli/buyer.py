"""`unwrapped-dao buyer`: look, escrow, open what was delivered, or take the money back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .verbs import Call, Told, verb

noun = typer.Typer(help="A buyer: catalogue, offer, receive.", no_args_is_help=True)

_Scope = Annotated[str | None, typer.Option(help="Whose pool.  [default: the collective's only scope]")]
_Epoch = Annotated[int | None, typer.Option(help="Which pool.  [default: the newest]")]
_Sale = Annotated[str, typer.Argument(metavar="SALE", help="The offer's number, or the beginning of its id.")]


@verb(noun, "catalogue")
def catalogue(call: Call) -> Told:
    """Every sealed pool: scope, purposes, contributions, weight, and the offers made so far."""
    from ..roles.buyer import catalogue as listed

    with call.open() as app:
        rows = [_facts(item) for item in listed(app.collective)]
        offers = _offers(app.collective)
    lines = [
        f"epoch {r['epoch']} of {r['scope']}: {r['contributions']} contributions, {r['weight']} share points, "
        f"sold {r['sales']} times; purposes: {', '.join(r['purposes'])}"
        for r in rows
    ]
    lines += [f"offer {o['number']}: {o['price_text']} for epoch {o['epoch']}, {o['state']}" for o in offers]
    return Told({"pools": rows, "offers": offers}, lines or ["Nothing is for sale yet: no pool is sealed."])


@verb(noun, "inspect")
def inspect(call: Call, scope: _Scope = None, epoch: _Epoch = None) -> Told:
    """Everything that is known about a pool before paying: fields, purposes, terms, weight."""
    from ..kinds.rows import columns
    from ..roles.buyer import inspect as looked_at
    from .references import pool_of

    with call.open() as app:
        item = looked_at(app.collective, pool_of(app.collective, scope, epoch))
    facts = _facts(item)
    fields: list[dict[str, Any]] = []
    if item.scope is not None:
        fields = [{"name": column.name, "type": column.type} for column in columns(item.scope.row)]
    data = {**facts, "fields": fields, "base_terms": item.scope.base_terms if item.scope else ""}
    lines = [
        f"Epoch {facts['epoch']} of {facts['scope']}, {facts['state']}.",
        item.scope.sentence if item.scope else "This program does not know this scope.",
        f"{facts['contributions']} contributions of {facts['weight']} share points; sold {facts['sales']} times.",
        "Fields: " + ", ".join(f"{f['name']} ({f['type']})" for f in fields),
        f"Purposes: {', '.join(facts['purposes'])}.",
        *data["base_terms"].splitlines(),
    ]
    return Told(data, lines)


@verb(noun, "offer", account="buyer", sends=True)
def offer(
    call: Call,
    price: Annotated[str, typer.Option(metavar="AMOUNT", help="In whole units of the currency, such as 55000.")],
    purpose: Annotated[str, typer.Option(help="One of the scope's purposes.")],
    scope: _Scope = None,
    epoch: _Epoch = None,
    currency: Annotated[str | None, typer.Option(help="Symbol or address.  [default: the first token]")] = None,
    min_weight: Annotated[int, typer.Option(help="Share points that must stay in, or the money goes back.")] = 1,
    terms: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Licence terms.  [default: the scope's base terms]")
    ] = None,
    stands: Annotated[str, typer.Option(metavar="DURATION", help="How long it may be approved.")] = "90d",
) -> Told:
    """Escrow a price for a sealed pool. It cannot be withdrawn; not approved in time, it is taken back by `expire`."""
    from ..chain.calldata import amount_text
    from .amounts import base_units, currency_of, seconds
    from .references import moment, number_of, pool_of

    with call.open() as app:
        collective = app.collective
        address, decimals = currency_of(collective, currency)
        made = app.buyer(call.account).offer(
            pool_of(collective, scope, epoch),
            price=base_units(price, decimals),
            purpose=purpose,
            min_eligible_weight=min_weight,
            currency=address,
            terms=terms.read_text(encoding="utf-8") if terms else None,
            execute_before=collective.client.now() + seconds(stands),
        )
        sale_id = collective.market.sale_id(made)
        number, text = number_of(collective, sale_id), amount_text(collective, address, made.price)
        left_out = len(collective.registry.withdrawn_leaves(pool_of(collective, scope, epoch)))
    data = {
        "sale": sale_id,
        "number": number,
        "price": made.price,
        "currency": address,
        "epoch": made.epoch,
        "purpose": purpose,
        "min_eligible_weight": made.min_eligible_weight,
        "execute_before": made.execute_before,
    }
    lines = [
        f"Offer {number} is made: {text} are escrowed for epoch {made.epoch}, for the purpose {purpose!r}.",
        f"It can be approved until {moment(made.execute_before)}; id 0x{sale_id.hex()}",
        f"Its key is in {app.workspace.keys}: without that file nobody can open what will be delivered.",
        f"Next: a member proposes it, `unwrapped-dao proposal create --sale {number}`.",
    ]
    if left_out:
        lines.append(f"{left_out} members have withdrawn from this pool already and will be left out.")
    return Told(data, lines)


@verb(noun, "receive", account="buyer")
def receive(
    call: Call,
    sale: _Sale,
    output: Annotated[Path, typer.Option(help="Folder for the dataset, its card and its risk report.")] = Path(
        "dataset"
    ),
) -> Told:
    """Open a delivered sale on all cores into a dataset: Parquet, data card, risk report, checksums, and evidence for
    what stayed shut. Interrupted, the same command goes on."""
    from .references import sale_of

    with call.open() as app:
        buyer = app.buyer(call.account)
        sale_id, _ = sale_of(app.collective, sale)
        received = buyer.receive_into(sale_id, output, call.talk.progress)
    call.talk.done()
    data = {
        "sale": sale_id,
        "output": output,
        "rows": received.rows,
        "members": received.members,
        "sha256": received.sha256,
        "unopened": [one.evidence() for one in received.unopened],
        "rejected": [{"pseudonym": r.pseudonym, "reason": r.reason} for r in received.rejected],
    }
    lines = [f"Opened {received.members} envelopes into {output}: {received.rows:,} rows, sha256 {received.sha256}."]
    lines += [f"Not opened: member number {one.number}: {one.reason}" for one in received.unopened]
    if received.unopened:
        lines.append(f"The evidence is in {output / 'unopened.json'}.")
    if not all(one.final for one in received.unopened):
        lines.append("Some may open another time: the same command tries only these again.")
    lines += [f"Left out: {r.pseudonym}: {r.reason}" for r in received.rejected]
    return Told(data, lines)


@verb(noun, "expire", account="buyer", sends=True)
def expire(call: Call, sale: _Sale) -> Told:
    """Take the money back from an offer that was not approved in time."""
    return _taken_back(call, sale, "expire")


@verb(noun, "refund", account="buyer", sends=True)
def refund(call: Call, sale: _Sale) -> Told:
    """Take the money back from an approved sale that was not delivered in time."""
    return _taken_back(call, sale, "refund")


def _taken_back(call: Call, sale: str, how: str) -> Told:
    from ..chain.calldata import amount_text
    from .references import sale_of

    with call.open() as app:
        sale_id, made = sale_of(app.collective, sale)
        buyer = app.buyer(call.account)
        amount = (buyer.expire if how == "expire" else buyer.refund)(made)
        text = amount_text(app.collective, made.currency, amount)
    line = f"{text} went back to {made.buyer}." if amount else "Nothing is due: the money went back already."
    return Told({"sale": sale_id, "amount": amount, "currency": made.currency}, [line])


def _facts(item: Any) -> dict[str, Any]:
    return {
        "scope": item.scope.name if item.scope else f"0x{item.pool.scope_id.hex()}",
        "epoch": item.pool.epoch,
        "state": item.pool.state.name.lower(),
        "contributions": item.contributions,
        "weight": item.weight,
        "sales": item.sales,
        "purposes": item.scope.purposes if item.scope else [],
        "pool": f"{item.pool.id:#x}",
    }


def _offers(collective: Any) -> list[dict[str, Any]]:
    from ..chain.calldata import amount_text

    return [
        {
            "number": number,
            "sale": sale_id,
            "buyer": made.buyer,
            "epoch": made.epoch,
            "price": made.price,
            "price_text": amount_text(collective, made.currency, made.price),
            "currency": made.currency,
            "state": collective.market.sale(sale_id).state.name.lower(),
        }
        for number, (sale_id, made) in enumerate(collective.market.offers().items(), start=1)
    ]
