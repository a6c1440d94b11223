"""`unwrapped-dao doctor`: is everything here that the other commands need?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import UnwrappedError
from .checks import Check, collective, custodians, tried
from .verbs import Call, Told

_ROOM = 64 * 1024
"""What must fit on the workspace's disk, in bytes, for notes and keyfiles."""

_PACKAGES = {
    "chain": ("eth_account", "filelock", "rlp"),
    "embedded chain": ("eth", "coincurve"),
    "node": ("web3",),
    "ipfs": ("ipfshttpclient",),
    "dataset": ("pyarrow",),
}


def doctor(call: Call) -> Told:
    """Check this machine: Python, curve library, packages, workspace, chain, collective, store. Node is not needed."""
    checks = list(_checks(call))
    bad = [check for check in checks if check.needed and not check.ok]
    lines = [f"{'ok  ' if c.ok else 'NO  ' if c.needed else '-   '}{c.name}: {c.told}" for c in checks]
    lines = [line for c, line in zip(checks, lines, strict=True) for line in (line, *_advice(c))]
    lines.append("Everything that is needed is here." if not bad else f"{len(bad)} of them have to be put right.")
    data = {
        "ok": not bad,
        "checks": [{"name": c.name, "ok": c.ok, "needed": c.needed, "told": c.told, "hint": c.hint} for c in checks],
    }
    return Told(data, lines, code=1 if bad else 0)


def _checks(call: Call) -> Iterator[Check]:
    from .. import __version__

    found = platform.python_version()
    yield Check("unwrapped-dao", True, True, __version__)
    yield Check("Python", sys.version_info >= (3, 11), True, f"{found} on {platform.platform()}")
    yield tried("curve arithmetic", _curve)
    for what, modules in _PACKAGES.items():
        missing = [name for name in modules if not _is_there(name)]
        yield Check(f"packages for {what}", not missing, what == "chain", ", ".join(missing or modules))
    yield Check("Node.js", True, False, "not needed")
    settings = call.settings()
    workspace = tried("workspace", lambda: _workspace(settings.workspace))
    yield workspace
    if workspace.ok:
        yield from _world(call)


def _world(call: Call) -> Iterator[Check]:
    """Chain, collective and store, as far as they can be reached."""
    settings = call.settings()
    if settings.rpc is None and not (settings.workspace / "chain" / "chain.sqlite").is_file():
        yield Check("chain", True, False, "none yet; `unwrapped-dao chain start` begins one")
        return
    try:
        with call.open() as app:
            kind = "embedded" if app.chain is not None else app.client.node_version
            yield Check("chain", True, True, f"{kind}, id {app.client.chain_id}, block {app.client.block_number()}")
            found = collective(app)
            yield found
            if found.ok:
                yield from custodians(app)
            yield Check("accounts", True, False, ", ".join(app.accounts.names()) or "none yet")
            yield tried("store", lambda: _store(app.store))
    except UnwrappedError as problem:
        yield Check("chain", False, True, problem.message, problem.hint)


def _workspace(folder: Path) -> str:
    """Raises SettingsError or StorageUnavailableError where nothing can be written."""
    from .. import disk

    if not folder.is_dir():
        return f"{folder} (not there yet)"
    with disk.speaking(folder), disk.half_written(folder) as half:
        disk.write_all(half.file.fileno(), bytes(_ROOM))
    return str(folder)


def _advice(check: Check) -> list[str]:
    return [f"      {check.hint}"] if check.hint and not check.ok else []


def _store(store: object) -> str:
    from ..storage.interfaces import ContentStore

    assert isinstance(store, ContentStore)
    return f"{store.name}: {len(store.pins())} envelopes and other content"


def _curve() -> str:
    """Which library answers, after its self-test; without the native one everything works, slowly."""
    from ..crypto.bn254 import select_backend

    chosen = select_backend("auto")
    return f"{chosen}, self-test passed" if chosen == "native" else f"{chosen}: works, but slowly; install zksnake"


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
