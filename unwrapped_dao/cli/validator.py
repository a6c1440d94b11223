"""`unwrapped-dao validator`: the accounts and the shared key that check contributions in this workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from .verbs import Call, Told, verb

noun = typer.Typer(help="Validators: who checks contributions.", no_args_is_help=True)

_NAMES = ("validator-1", "validator-2", "validator-3")


@verb(noun, "setup")
def setup(
    call: Call,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="[default: validator-1 validator-2 validator-3]")
    ] = None,
) -> Told:
    """Make validator accounts and the fingerprint key that they share. What is here already stays as it is."""
    rows = []
    with call.open(may_begin=True) as app:
        made_key = app.make_fingerprint_key()
        for name in names or _NAMES:
            address, made = app.new_account(name)
            rows.append({"name": name, "address": address, "made": made})
        folder = app.workspace.keys
    lines = [f"{r['name']:<16} {r['address']}{'' if r['made'] else '  (was here already)'}" for r in rows]
    lines.append(
        f"The shared fingerprint key {'is now' if made_key else 'was already'} in {folder}; every validator of the "
        "collective needs this very key, and nobody else may have it."
    )
    return Told({"validators": rows, "key_made": made_key}, lines)


@verb(noun, "status")
def status(call: Call) -> Told:
    """The collective's validators, which of them are in this workspace, and what they keep."""
    from ..app import FINGERPRINT_KEY
    from ..storage.pending import PendingEnvelopes

    with call.open() as app:
        registry, named = app.collective.registry, app.accounts.named()
        needed = registry.attestations_required()
        rows = [
            {
                "address": address,
                "name": named.get(address, ""),
                "here": address in named,
                "envelopes_kept": len(list(PendingEnvelopes(app.workspace.validation(address)).contents())),
            }
            for address in registry.validators()
        ]
        has_key = (app.workspace.keys / f"{FINGERPRINT_KEY}.json").is_file()
    lines = [
        f"{r['address']} {r['name'] or '(elsewhere)'}"
        + (f", keeps {r['envelopes_kept']} envelopes" if r["here"] else "")
        for r in rows
    ]
    lines.append(f"{needed} of {len(rows)} have to agree; the shared key is {'' if has_key else 'not '}here.")
    return Told({"validators": rows, "needed": needed, "key_here": has_key}, lines)
