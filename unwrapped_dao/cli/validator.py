"""`unwrapped-dao validator`: the accounts and the shared key that check contributions in this workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import plural
from .verbs import Call, Told, verb

if TYPE_CHECKING:
    from ..app import App

noun = typer.Typer(help="Validators: who checks contributions.", no_args_is_help=True)

Urls = Annotated[
    list[str] | None, typer.Option("--validators", metavar="URL", help="Repeat, or a,b,c; or set UNWRAPPED_VALIDATORS.")
]


Index = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|URL",
        help="The index that all validators share: a file, or where `validator serve-index` answers; or set "
        "UNWRAPPED_INDEX.  [default: a file of the workspace]",
    ),
]


def urls(call: Call, given: list[str] | None) -> list[str]:
    """The URLs that were given, else those of the settings."""
    return [part.strip() for each in given or () for part in each.split(",") if part.strip()] or list(
        call.settings().validators
    )


_NAMES = ("validator-1", "validator-2", "validator-3")


@verb(noun, "setup")
def setup(
    call: Call,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="[default: validator-1 validator-2 validator-3]")
    ] = None,
    joining: Annotated[
        bool, typer.Option("--joining", help="Make no shared key: another validator has it and will share it.")
    ] = False,
) -> Told:
    """Make validator accounts, their encryption keys, and the fingerprint key that they share.

    What is here already stays as it is.
    """
    rows = []
    with call.open(may_begin=True) as app:
        made_key = not joining and app.validator_keys.make_fingerprint_key()
        check = "" if joining else app.validator_keys.fingerprint_key().check_value()
        for name in names or _NAMES:
            address, made = app.new_account(name)
            app.validator_keys.make_encryption_key(address)
            key = app.validator_keys.public_encryption_key(address)
            rows.append({"name": name, "address": address, "made": made, "encryption_key": key})
        folder = app.workspace.keys
    lines = [f"{r['name']:<16} {r['address']}{'' if r['made'] else '  (was here already)'}" for r in rows]
    lines += [f"{'':<16} members seal to {r['encryption_key']}" for r in rows]
    if joining:
        lines.append(
            "Give these two lines to a validator who has the shared key, and take it with `validator take-key`."
        )
    else:
        lines.append(
            f"The shared fingerprint key {'is now' if made_key else 'was already'} in {folder} (check value {check}); "
            "every validator of the collective needs this very key (`validator share-key`), nobody else may have it."
        )
    return Told({"validators": rows, "key_made": made_key, "check_value": check}, lines)


@verb(noun, "share-key")
def share_key(
    call: Call,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The other validator's account.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its encryption key, as its `validator setup` printed it.")],
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where the sealed key is written.")],
) -> Told:
    """Seal the shared key to another validator. Be sure, on a way that you trust, that address and key are theirs."""
    from .. import disk
    from ..app.shared_key import seal_to
    from ..errors import InputError

    with call.open() as app:
        if not app.collective.registry.is_validator(address):
            call.talk.warn([f"{address} is no validator of this collective (yet)."])
        shared = app.validator_keys.fingerprint_key()
        sealed = seal_to(app.collective, shared, address, key)
    if not disk.create(output, sealed):
        raise InputError(f"{output} is there already.", hint="Name a new file with --output.")
    said = f"{output} is for {address} alone (check value {shared.check_value()}); there: `validator take-key FILE`."
    return Told({"file": output, "validator": address, "check_value": shared.check_value()}, [said])


@verb(noun, "take-key", account="validator-1")
def take_key(
    call: Call, file: Annotated[Path, typer.Argument(metavar="FILE", help="What `validator share-key` wrote for it.")]
) -> Told:
    """Open the shared key that another validator sealed to this one, and keep it under this workspace's passphrase."""
    from ..app.shared_key import open_sealed

    with call.open() as app:
        address = app.accounts.address(call.account)
        shared = open_sealed(app.collective, file, address, app.validator_keys.encryption_key(address))
        new = app.validator_keys.take_fingerprint_key(shared)
    said = f"The shared key {'is now' if new else 'was already'} here; its check value is {shared.check_value()}."
    return Told({"key_taken": new, "check_value": shared.check_value()}, [said])


@verb(noun, "serve", account="validator-1")
def serve(
    call: Call,
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 for everybody.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8420,
    index: Index = None,
    max_mib: Annotated[int, typer.Option(min=1, max=4096, help="The largest request, in MiB.")] = 128,
    per_minute: Annotated[
        int, typer.Option(min=1, help="Requests of one network address; behind a proxy all have the proxy's.")
    ] = 60,
    sweep: Annotated[float, typer.Option(min=0.2, help="Seconds between looks at sealed pools.")] = 30.0,
) -> Told:
    """Answer members over HTTP until Ctrl-C: check what they show, attest it, publish what was sealed.

    Requests are sealed to this validator, over plain HTTP too. docs/validators.md tells what you see and keep.
    """
    from ..service.http import bound_url, listen
    from ..service.limits import MIB, Limits
    from ..service.server import Server

    call.index = index
    with call.open(beside=True) as app:
        listener = listen(host, port)
        limits = Limits(max_request_bytes=max_mib * MIB, per_peer=per_minute)
        service = app.validator_service(call.account, limits)
        address = app.accounts.address(call.account)
        url, away = bound_url(listener), service.index_problem()

        def ready() -> None:
            service.audit.write("started")
            if away is not None:
                call.talk.warn([f"{away.message} {away.hint}", "Until then it attests nothing."])
            call.talk.say(f"{call.account} ({address}) answers on {url}; stop it with Ctrl-C.")

        Server(service, limits, sweep_s=sweep).run(listener, ready)
        service.audit.write("stopped")
    return Told({"validator": address, "url": url}, [f"{call.account} has stopped; what it had received is answered."])


@verb(noun, "serve-index")
def serve_index(
    call: Call,
    host: Annotated[str, typer.Option(help="Where to listen; a private address, or behind a proxy with TLS.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8421,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the log is kept.  [default: index-log.sqlite of the workspace]"),
    ] = None,
    copy: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="A validator's replica.sqlite, to begin a lost log anew."),
    ] = None,
) -> Told:
    """Keep the log of the index that validators on several machines share, until Ctrl-C.

    It decides the order and can read nothing: entries are encrypted under the validators' shared key, which need not be
    here. Only current validators may write and read. Exactly one host serves a collective.
    """
    from ..service.http import bound_url, listen
    from ..service.index_host import IndexHost, IndexServer

    with call.open(beside=True) as app, IndexHost(log or app.workspace.index_log, app.collective) as index:
        if copy is not None:
            index.adopt(copy)
        listener = listen(host, port)
        url, (position, head) = bound_url(listener), index.last()
        begun = f"The index log answers on {url} with {position} entries (head {head.hex()[:16]}); stop it with Ctrl-C."
        IndexServer(index).run(listener, lambda: call.talk.say(begun))
        position, head = index.last()
    data = {"url": url, "position": position, "head": head.hex()}
    return Told(data, [f"The index log has stopped with {position} entries (head {head.hex()[:16]})."])


@verb(noun, "collect", account="validator-1", sends=True)
def collect(call: Call) -> Told:
    """Have paid what waits for your account: what a vote credited to it, and its part if it is a custodian's too.

    Attesting by itself earns nothing that the contracts know of; docs/validators.md tells how validators are paid.
    """
    from .earnings import told

    with call.open() as app:
        waiting = app.earnings(call.account)
        return told(call, app.collective, waiting.account, waiting.collect(call.talk.progress))


@verb(noun, "status")
def status(call: Call, validators: Urls = None, index: Index = None) -> Told:
    """The collective's validators, which are in this workspace and what they keep, which answer at their URLs."""
    from ..chain.earnings import earnings
    from ..storage.pending import PendingEnvelopes
    from .earnings import row, waiting_line

    call.index = index
    with call.open() as app:
        registry, named = app.collective.registry, app.accounts.named()
        needed = registry.attestations_required()
        rows: list[dict[str, Any]] = [
            {
                "address": address,
                "name": named.get(address, ""),
                "here": address in named,
                "envelopes_kept": len(list(PendingEnvelopes(app.workspace.validation(address)).contents())),
            }
            for address in registry.validators()
        ]
        named_urls = urls(call, validators)
        reached = app.reach(named_urls) if named_urls else None
        copies = {r["name"]: index_state(app, str(r["name"])) for r in rows if r["here"]} if app.shares_a_log() else {}
        has_key = app.validator_keys.has_fingerprint_key()
        waiting = earnings(app.collective, [r["address"] for r in rows if r["here"]])
        to_collect = [
            waiting_line(app.collective, earning, f"validator collect --as {named[earning.account]}")
            for earning in waiting
        ]
    answering = {v.address for v in reached.validators} if reached is not None else set()
    lines = [
        f"{r['address']} {r['name'] or '(elsewhere)'}"
        + (f", keeps {plural(r['envelopes_kept'], 'envelope')}" if r["here"] else "")
        for r in rows
        if r["here"] or r["address"] not in answering  # told below, with its URL
    ]
    lines += to_collect
    data: dict[str, Any] = {
        "validators": rows,
        "needed": needed,
        "key_here": has_key,
        "to_collect": [row(earning) for earning in waiting],
    }
    if copies:
        data["index"] = copies
        lines += [f"{name}: {state['sentence']}" for name, state in copies.items()]
    if reached is not None:
        data["reached"] = [{"url": v.url, "address": v.address, "key": v.record.key} for v in reached.validators]
        data["unreached"] = [{"url": url, "why": problem.message} for url, problem in reached.unreached]
        lines += [f"{v.address} answers at {v.url}; its account vouches for its key." for v in reached.validators]
        lines += [f"{url}: {problem.message} {problem.hint}" for url, problem in reached.unreached]
    lines.append(f"{needed} of {len(rows)} have to agree; the shared key is {'' if has_key else 'not '}here.")
    return Told(data, lines)


def index_state(app: App, name: str) -> dict[str, Any]:
    """How far a validator's copy of the index log is, and whether the host agrees."""
    from ..errors import TemporaryError
    from ..validation import ReplicatedIndex

    try:
        copy = app.index(name)
    except TemporaryError as problem:
        return {"sentence": f"{problem.message} Stop its server to look at the copy."}
    assert isinstance(copy, ReplicatedIndex)
    agrees, why = True, "the host agrees"
    try:
        copy.revision()
    except TemporaryError as problem:
        agrees, why = False, f"{problem.message} {problem.hint}"
    position, head = copy.position()
    sentence = f"its copy of the index has {position} entries (head {head.hex()[:16]}); {why}"
    return {"position": position, "head": head.hex(), "agrees": agrees, "sentence": sentence.rstrip(".") + "."}
