"""`unwrapped-dao doctor`: is everything here that the other commands need?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UnwrappedError
from .verbs import Call, Told

if TYPE_CHECKING:
    from ..app import App

_OLD_S = 600
_ANVIL_EPOCHS = 64

_PACKAGES = {
    "chain": ("eth_account", "filelock", "rlp"),
    "embedded chain": ("eth", "coincurve"),
    "node": ("web3",),
    "ipfs": ("ipfshttpclient",),
    "dataset": ("pyarrow",),
}


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    ok: bool
    needed: bool
    told: str


def doctor(call: Call) -> Told:
    """Check this machine: Python, curve library, packages, workspace, chain, collective, store. Node is not needed."""
    checks = list(_checks(call))
    bad = [check for check in checks if check.needed and not check.ok]
    lines = [f"{'ok  ' if c.ok else 'NO  ' if c.needed else '-   '}{c.name}: {c.told}" for c in checks]
    lines.append("Everything that is needed is here." if not bad else f"{len(bad)} of them have to be put right.")
    data = {
        "ok": not bad,
        "checks": [{"name": c.name, "ok": c.ok, "needed": c.needed, "told": c.told} for c in checks],
    }
    return Told(data, lines, code=1 if bad else 0)


def _checks(call: Call) -> Iterator[_Check]:
    from .. import __version__

    found = platform.python_version()
    yield _Check("unwrapped-dao", True, True, __version__)
    yield _Check("Python", sys.version_info >= (3, 11), True, f"{found} on {platform.platform()}")
    yield _try("curve arithmetic", _curve)
    for what, modules in _PACKAGES.items():
        missing = [name for name in modules if not _is_there(name)]
        yield _Check(f"packages for {what}", not missing, what == "chain", ", ".join(missing or modules))
    yield _Check("Node.js", True, False, "not needed")
    settings = call.settings()
    yield _Check(
        "workspace", True, True, f"{settings.workspace}{'' if settings.workspace.is_dir() else ' (not there yet)'}"
    )
    yield from _world(call)


def _world(call: Call) -> Iterator[_Check]:
    """Chain, collective and store, as far as they can be reached."""
    settings = call.settings()
    if settings.rpc is None and not (settings.workspace / "chain" / "chain.sqlite").is_file():
        yield _Check("chain", True, False, "none yet; `unwrapped-dao chain start` begins one")
        return
    try:
        with call.open() as app:
            kind = "embedded" if app.chain is not None else app.client.node_version
            yield _Check("chain", True, True, f"{kind}, id {app.client.chain_id}, block {app.client.block_number()}")
            yield _try("collective", lambda: app.collective.governor.address, needed=False)
            yield from _custodian(app)
            yield _Check("accounts", True, False, ", ".join(app.accounts.names()) or "none yet")
            yield _try("store", lambda: _store(app.store))
    except UnwrappedError as problem:
        yield _Check("chain", False, True, problem.message)


def _custodian(app: App) -> Iterator[_Check]:
    """What a custodian depends on, where one of the accounts here is one: final blocks, the clock, its shares."""
    from ..chain.powers import generations
    from ..errors import NotFoundError

    try:
        keys = generations(app.collective)
    except (UnwrappedError, KeyError) as problem:
        if not isinstance(problem, NotFoundError):
            yield _Check("custodian", False, False, str(problem))
        return
    named = {address.lower(): name for address, name in app.accounts.named().items()}
    seats = [(key, address) for key in keys for address in key.custodians if address.lower() in named]
    if not seats:
        return
    yield _try("final blocks", lambda: _finality(app))
    for key, address in seats:
        if key.state.name not in ("ACTIVE", "RETIRED"):
            continue
        name = named[address.lower()]
        file = app.workspace.keys / f"{app.custodian_key_name(key.number, address)}.json"
        told = f"{name}'s share of key {key.number} ({key.shape}) is kept here"
        if not file.is_file():
            told = f"{name}'s share of key {key.number} is NOT here; `custodian restore` puts a backup back"
        elif file.stat().st_mode & 0o077:
            told = f"{file} can be read by others; `chmod 600` it"
        yield _Check("custodian", told.endswith("kept here"), True, told)


def _finality(app: App) -> str:
    """How far back final is, and how old the newest block is where its clock is the world's."""
    import time

    from ..chain.pinned import settled
    from ..errors import TemporaryError

    tag = "latest" if app.chain is not None else app.settings.finality
    newest = app.client.block_number()
    behind = newest - settled(app.client, tag).number
    told = f"{tag}, {behind} blocks behind the newest"
    if not app.client.can_move_time:
        age = int(time.time()) - app.client.now()
        if age > _OLD_S:
            raise TemporaryError(f"The node's newest block is {age} s old: it is behind, or the chain stands still.")
        told += f", which is {max(age, 0)} s old"
    elif behind >= _ANVIL_EPOCHS:
        told += "; Anvil wants --slots-in-an-epoch 1"
    return told


def _store(store: object) -> str:
    from ..storage.interfaces import ContentStore

    assert isinstance(store, ContentStore)
    return f"{store.name}: {len(store.pins())} envelopes and other content"


def _try(name: str, look: Callable[[], str], *, needed: bool = True) -> _Check:
    try:
        return _Check(name, True, needed, look())
    except UnwrappedError as problem:
        return _Check(name, False, needed, problem.message)


def _curve() -> str:
    """Which library answers, after its self-test; without the native one everything works, slowly."""
    from ..crypto.bn254 import select_backend

    chosen = select_backend("auto")
    return f"{chosen}, self-test passed" if chosen == "native" else f"{chosen}: works, but slowly; install zksnake"


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
