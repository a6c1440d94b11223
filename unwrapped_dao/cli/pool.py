"""`unwrapped-dao pool`: collecting periods, from opening to the published seal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import plural
from .verbs import ANYBODY, Call, Told, verb

if TYPE_CHECKING:
    from ..chain.registry import Pool

noun = typer.Typer(help="Pools: open, announce, seal, publish.", no_args_is_help=True)

_Scope = Annotated[str | None, typer.Option(help="Whose pool.  [default: the collective's only scope]")]
_Epoch = Annotated[int | None, typer.Option(help="Which pool.  [default: the newest]")]


@verb(noun, "list")
def list_(call: Call) -> Told:
    """Every pool: scope, epoch, state, contributions, weight."""
    from .references import moment

    with call.open() as app:
        registry = app.collective.registry
        rows, lines = [], []
        for pool in registry.pools():
            live = registry.contributions(pool)
            row = {**_facts(pool), "contributions": len(live), "weight": sum(c.record.weight for c in live)}
            rows.append(row)
            sealed = row["state"] == "sealed"
            seals = f", {'closed' if sealed else 'seals'} at {moment(pool.seals_at)}" if pool.seals_at else ""
            lines.append(
                f"epoch {pool.epoch} of {row['scope']}: {row['state']}{seals}; "
                f"{row['contributions']} contributions, {row['weight']} share points"
            )
    return Told({"pools": rows}, lines or ["No pool was opened yet: `unwrapped-dao pool open` opens one."])


@verb(noun, "open", account="custodian", sends=True)
def open_(call: Call, scope: _Scope = None) -> Told:
    """Open the next epoch of a scope, with the custodians' sign of life. Anybody may, with --as, once it is posted."""
    from .references import pool_of, scope_name

    with call.open() as app:
        from .. import kinds

        name = scope_name(app.collective, scope)
        custodian = app.custodian(call.account)
        week, heartbeat = custodian.heartbeat()
        app.relayer(call.account).open_epoch(kinds.scope(name).scope_id, week, heartbeat)
        pool = pool_of(app.collective, name, None)
    return Told(_facts(pool), [f"Epoch {pool.epoch} of {name} is {pool.state.name.lower()}."])


@verb(noun, "announce", account=ANYBODY, sends=True)
def announce(call: Call, scope: _Scope = None, epoch: _Epoch = None) -> Told:
    """Announce the seal of a pool that is old and heavy enough; it closes after the notice."""
    from .references import moment, pool_of

    with call.open() as app:
        pool = app.relayer(*call.payers()).announce(pool_of(app.collective, scope, epoch))
    facts = _facts(pool)
    when = "is sealed already" if facts["state"] == "sealed" else f"seals at {moment(pool.seals_at)}"
    return Told(facts, [f"Epoch {pool.epoch} of {facts['scope']} {when}."])


@verb(noun, "seal", account=ANYBODY, sends=True)
def seal(call: Call, scope: _Scope = None, epoch: _Epoch = None) -> Told:
    """Wait out the notice and record the seal: members and weights are final from here on."""
    from .references import pool_of

    with call.open() as app:
        pool = app.relayer(*call.payers()).seal(pool_of(app.collective, scope, epoch))
    facts = _facts(pool)
    line = f"Epoch {pool.epoch} of {facts['scope']} is {facts['state']}"
    lines = [f"{line}, with {pool.members} member numbers."] if facts["state"] == "sealed" else [f"{line} again."]
    return Told(facts, lines)


@verb(noun, "publish")
def publish(call: Call, scope: _Scope = None, epoch: _Epoch = None) -> Told:
    """Publish a sealed pool's live envelopes from this workspace's validators; delete every other version and trace."""
    from ..errors import NotFoundError
    from .references import pool_of

    with call.open() as app:
        pool = pool_of(app.collective, scope, epoch)
        validators = app.validators()
        if not validators:
            raise NotFoundError(
                "No validator of this collective has its account in this workspace.",
                hint="Publish where the validators are.",
            )
        done = [validator.publish(pool, app.store, call.talk.progress) for validator in validators]
        for validator in validators:
            validator.clean(pool)
        name = app.store.name
    published = sorted({str(cid) for publication in done for cid in publication.published})
    missing = sorted(set.intersection(*({*publication.missing} for publication in done)))
    facts = _facts(pool)
    count = plural(len(published), "envelope")
    lines = [f"Epoch {pool.epoch} of {facts['scope']} is published: {name} has {count} of it."]
    if missing:
        lines.append(f"Not here, so not published: member numbers {', '.join(map(str, missing))}.")
    return Told({**facts, "published": published, "missing": missing}, lines)


def _facts(pool: Pool) -> dict[str, Any]:
    from ..roles.buyer import scope_of

    scope = scope_of(pool)
    return {
        "scope": scope.name if scope else f"0x{pool.scope_id.hex()}",
        "epoch": pool.epoch,
        "state": pool.state.name.lower(),
        "opened_at": pool.opened_at,
        "seals_at": pool.seals_at,
        "members": pool.members,
        "attestations": pool.attestations,
        "id": f"{pool.id:#x}",
    }
