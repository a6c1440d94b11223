"""What `unwrapped-dao doctor` looks at, and what a custodian depends on besides: gas, clock, final blocks, shares."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import NotAllowedError, NotFoundError, SettingsError, TemporaryError, UnwrappedError

if TYPE_CHECKING:
    from ..app import App
    from ..chain.committee import Generation

OLD_S = 600
SKEW_S = 60
"""A block's time may be a few seconds ahead of an honest clock, never a minute."""
GAS_FOR_A_SALE = 1_000_000
"""READY, shares and delivery of a cover of some dozens of nodes (benchmarks/gas.json)."""
_ANVIL_EPOCHS = 64


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `needed`: other commands fail without it; `hint`: what to do then."""

    name: str
    ok: bool
    needed: bool
    told: str
    hint: str = ""


def tried(name: str, look: Callable[[], str], *, needed: bool = True) -> Check:
    """A check that is what `look` says, or the error that it raises."""
    try:
        return Check(name, True, needed, look())
    except UnwrappedError as problem:
        return Check(name, False, needed, problem.message, problem.hint)


def collective(app: App) -> Check:
    """None yet is no fault; one of another chain is."""
    try:
        return Check("collective", True, True, app.collective.deployment.genesis)
    except NotFoundError as problem:
        return Check("collective", False, False, problem.message, problem.hint)
    except UnwrappedError as problem:
        return Check("collective", False, True, problem.message, problem.hint)


def custodians(app: App) -> Iterator[Check]:
    """For each account here that is a custodian of the collective."""
    from ..chain.powers import generations

    keys = generations(app.collective)
    named = {address.lower(): name for address, name in app.accounts.named().items()}
    seats = [(key, address) for key in keys for address in key.custodians if address.lower() in named]
    if not seats:
        return
    yield tried("final blocks", lambda: _finality(app))
    yield tried("clock", lambda: _clock(app))
    for address in dict.fromkeys(address for _, address in seats):
        yield tried("gas money", lambda address=address: _gas_money(app, named[address.lower()], address))  # type: ignore[misc]
    for key, address in seats:
        if key.state.name in ("ACTIVE", "RETIRED"):
            name = named[address.lower()]
            yield tried("share", lambda key=key, name=name, address=address: _share(app, key, name, address))  # type: ignore[misc]


def _finality(app: App) -> str:
    """How far back final is."""
    from ..chain.pinned import settled

    tag = "latest" if app.chain is not None else app.settings.finality
    behind = app.client.block_number() - settled(app.client, tag).number
    told = f"{tag}, {behind} blocks behind the newest"
    if app.client.can_move_time and behind >= _ANVIL_EPOCHS:
        told += "; Anvil wants --slots-in-an-epoch 1"
    return told


def _clock(app: App) -> str:
    """The newest block's age, where the chain's clock is the world's."""
    if app.client.can_move_time:
        return "the chain's clock is its own"
    age = int(time.time()) - app.client.now()
    if age > OLD_S:
        raise TemporaryError(
            f"The node's newest block is {age} s old by this machine's clock.",
            hint="Either the node is behind (or its chain stands still), or this clock is fast: compare both.",
        )
    if age < -SKEW_S:
        raise SettingsError(
            f"This machine's clock is {-age} s behind the chain's newest block.", hint="Set it by NTP (timedatectl)."
        )
    return f"the newest block is {max(age, 0)} s old"


def _gas_money(app: App, name: str, address: str) -> str:
    from ..chain.fees import ether_text

    balance = app.client.balance(address)
    price = int(app.client.request("eth_gasPrice"), 16)
    needed = 2 * price * GAS_FOR_A_SALE
    if app.chain is None and balance < needed:
        raise NotAllowedError(
            f"{name} has {ether_text(balance)}, too little to serve one sale.",
            hint=f"Send at least {ether_text(needed)} to {address}; else nothing can be said, posted or delivered.",
        )
    return f"{name} has {ether_text(balance)}"


def _share(app: App, key: Generation, name: str, address: str) -> str:
    """It is here, nobody else can read it, and, where a passphrase was given, it is the one of this key."""
    file = app.workspace.keys / f"{app.custodian_key_name(key.number, address)}.json"
    what = f"{name}'s share of key {key.number} ({key.shape})"
    spare = app.collective.committee.serving(key.number) != key.number
    if not file.is_file():
        if spare:
            return f"{what} is not here; others serve that key now"
        raise NotFoundError(
            f"{what} is NOT here.",
            hint="`unwrapped-dao custodian restore` puts a backup back; without one, a resharing gives a new share.",
        )
    if file.stat().st_mode & 0o077:
        raise SettingsError(f"{file} can be read by others.", hint=f"Run `chmod 600 {file}`.")
    if app.settings.passphrase is None:
        return f"{what} is kept here; not opened, since no passphrase was given"
    app.custodian(name).seats.share(key)
    return f"{what} is kept here, opens, and is the right one" + ("; others serve that key now" if spare else "")
