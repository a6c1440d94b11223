"""`unwrapped-dao member export-mine` and `forget`: what is held about you, and erasing what can be erased."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import plural
from .validator import Urls, urls
from .verbs import Call, Told

if TYPE_CHECKING:
    from ..app import App
    from ..roles.own_data import Keeper, OwnData


def export_mine(
    call: Call,
    output: Annotated[Path, typer.Option(metavar="FILE", help="Where it is written.")] = Path("my-data.json"),
    validators: Urls = None,
) -> Told:
    """Write everything that is held about you: on-chain, on this machine, and with the validators you showed it to.

    Holds no key and no record; your exports are where you put them.
    """
    from ..errors import InputError

    with call.open() as app:
        own = app.own_data(call.account)
        keepers, silent = _keepers(call, app, own, validators)
        data = own.export(keepers)
    data["with_validators"] |= silent
    try:
        output.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{output} cannot be written: {problem.strerror}.", hint="Name another --output.") from problem
    here = data["on_this_machine"]
    lines = [
        f"Written: {output}.",
        f"On-chain: {plural(len(data['on_chain'].get('contributions', [])), 'pool')} with contributions of yours.",
        f"On this machine: {plural(len(here['receipts']), 'receipt')}, {plural(len(here['envelopes']), 'envelope')}, "
        f"{plural(len(here['files']), 'file')}.",
        *(f"{name}: {_told(found)}" for name, found in data["with_validators"].items()),
        *(f"Not known to anybody here: {line}." for line in data["elsewhere"]),
    ]
    return Told(data, lines)


def forget(
    call: Call,
    validators: Urls = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Told:
    """Erase what can be erased of you: with your validators, on this machine, and its pins. You get a receipt.

    Withdraw first what is live (`member withdraw`). Your keyfile stays: without it nothing due could be claimed.
    Exits with 3 if a validator did not answer: run it again later.
    """
    from ..errors import InputError

    if not yes:
        if not sys.stdin.isatty():
            raise InputError(
                "Erasing has to be confirmed: what nothing needs here, and what validators may erase.",
                hint="Look at what is held first (`unwrapped-dao member export-mine`), then add --yes.",
            )
        typer.confirm(
            "Erase envelopes and receipts here that nothing needs, and ask validators to erase what they may?",
            abort=True,
            err=True,
        )
    with call.open() as app:
        own = app.own_data(call.account)
        keepers, silent = _keepers(call, app, own, validators)
        has_store = app.settings.ipfs is not None or app.workspace.store.is_dir()
        receipt = own.forget(keepers, app.store if has_store else None, silent)
    here, pins = receipt["on_this_machine"], receipt["pins"]
    lines = [
        *(f"{name}: {_told(found)}" for name, found in receipt["validators"].items()),
        f"On this machine: {len(here['erased'])} erased, {len(here['kept'])} kept.",
        f"Pins: {len(pins['erased'])} removed, {len(pins['kept'])} kept.",
        *(_kept(entry) for entry in [*here["kept"], *pins["kept"]]),
        *(f"Stays on-chain, for ever: {line}." for line in receipt["on_chain_stays"]),
        *(f"Cannot be erased from here: {line}." for line in receipt["elsewhere"]),
        "The receipt is kept with the others; `unwrapped-dao member export-mine` shows it.",
    ]
    unanswered = any("problem" in found for found in receipt["validators"].values())
    return Told(receipt, lines, code=3 if unanswered else 0)


def _keepers(
    call: Call, app: App, own: OwnData, given: list[str] | None
) -> tuple[list[Keeper], dict[str, dict[str, Any]]]:
    """The validators to ask (named, else those of the receipts, else this workspace's), and what is known of others."""
    from ..roles.own_data import KeeperHere

    named = urls(call, given) or own.shown_to()
    if not named:
        return [KeeperHere(validator) for validator in app.validators()], {}
    reached = app.reach(named)
    silent = {url: {"problem": problem.message, "advice": problem.hint} for url, problem in reached.unreached}
    return list(reached.validators), silent


def _kept(entry: dict[str, str]) -> str:
    what = next(name for name in ("envelope", "receipt", "cid") if name in entry)
    return f"Kept {'pin' if what == 'cid' else what} {entry[what][:20]}…: {entry['why']}."


def _told(found: dict[str, Any]) -> str:
    if "problem" in found:
        return f"{found['problem']} {found['advice']}"
    if "held" in found:
        return f"holds {len(found['held'])} of you (fingerprints and envelopes)."
    kept = "".join(f" Kept {entry['what']} of epoch {entry['epoch']}: {entry['why']}." for entry in found["kept"])
    return f"erased {len(found['erased'])}.{kept}"
