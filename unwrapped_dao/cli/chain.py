"""`unwrapped-dao chain`: the embedded chain of this workspace, or a look at a node."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .verbs import Call, Told, verb

noun = typer.Typer(help="The embedded chain of this workspace.", no_args_is_help=True)


@verb(noun, "start")
def start(call: Call) -> Told:
    """Begin the workspace's embedded chain. It needs no daemon: each command opens it and lets go of it."""
    with call.open(may_begin=True) as app:
        return _state(app)


@verb(noun, "status")
def status(call: Call) -> Told:
    """Which chain this is, its height and its time."""
    with call.open() as app:
        return _state(app)


@verb(noun, "fast-forward")
def fast_forward(call: Call, duration: Annotated[str, typer.Argument(help="Such as 90s, 15m, 2h, 3d or 1w.")]) -> Told:
    """Let time pass on the embedded chain, which only moves with its blocks."""
    from ..app import require_embedded
    from .amounts import seconds
    from .references import moment

    by = seconds(duration)
    with call.open() as app:
        require_embedded(app)
        now = app.client.wait_until(app.client.now() + by, progress=lambda _: None)
        return Told({"now": now, "by": by}, [f"It is {moment(now)} on the embedded chain now, {by} s later."])


@verb(noun, "reset")
def reset(call: Call, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> Told:
    """Delete the embedded chain and what belongs to its collective; accounts, keys and the store stay. With --rpc:
    forget a collective that was on a development node and is gone from it."""
    from ..app.workspace import Workspace
    from ..chain.local import LocalChain
    from ..chain.lock import WorkspaceLock

    settings = call.settings()
    if settings.rpc is not None:
        return _forget(call, yes)
    if not LocalChain.exists(settings.workspace) and not _lost_its_chain(settings.workspace):
        return Told({"workspace": settings.workspace}, [f"The workspace {settings.workspace} has no embedded chain."])
    _confirm(yes, f"Delete the chain in {settings.workspace} and its collective?")
    lock = WorkspaceLock(settings.workspace, wait_s=settings.wait_s)
    try:
        # The chain goes last: killed before that, the same command finds it and goes on.
        Workspace(settings.workspace).forget_collective()
        LocalChain.reset(settings.workspace, wait_s=settings.wait_s)
    finally:
        lock.release()
    return Told({"workspace": settings.workspace}, [f"The embedded chain of {settings.workspace} is gone."])


def _forget(call: Call, yes: bool) -> Told:
    """On a node: nothing is deleted there, and nothing here while the collective is still on it."""
    from ..chain import deployments
    from ..errors import NotAllowedError, SettingsError

    with call.open() as app:
        folder = app.workspace.folder
        if not (folder / deployments.FILE).exists():
            return Told({"workspace": folder}, [f"The workspace {folder} has no collective."])
        record = deployments.load(folder)
        if not app.client.can_move_time:
            raise NotAllowedError(
                f"{app.client.node_version} is no development node, whose chain could go away.",
                hint="Connect to the chain that the collective is on, or use another --workspace.",
            )
        try:
            record.require_chain(app.client)
        except SettingsError:
            if app.client.chain_id != record.chain_id:
                raise
        else:
            raise NotAllowedError(
                f"The collective at {record.genesis} is on this chain: there is nothing to forget.",
                hint="Use another --workspace for another collective.",
            )
        _confirm(yes, f"Forget the collective at {record.genesis}, which is gone, and what belonged to it?")
        app.workspace.forget_collective()
    return Told({"workspace": folder}, [f"{folder} has no collective any more; accounts, keys and the store stay."])


def _confirm(yes: bool, question: str) -> None:
    from ..errors import InputError

    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError("This deletes something, so it has to be confirmed.", hint="Add --yes.")
    typer.confirm(question, abort=True, err=True)


def _lost_its_chain(workspace: Path) -> bool:
    """Whether what belongs to a collective of an embedded chain is here without that chain."""
    from ..chain import deployments
    from ..chain.local import CHAIN_ID

    return (workspace / deployments.FILE).is_file() and deployments.load(workspace).chain_id == CHAIN_ID


def _state(app: Any) -> Told:
    from .references import moment

    client = app.client
    now = client.now()
    data = {
        "chain_id": client.chain_id,
        "node": client.node_version,
        "embedded": app.chain is not None,
        "block": client.block_number(),
        "now": now,
    }
    kind = "The embedded chain" if app.chain is not None else f"The node {client.node_version}"
    return Told(data, [f"{kind}: id {client.chain_id}, block {data['block']}, {moment(now)}."])
