"""What every verb shares: its common options, an open workspace, talk on stderr, a result on stdout.

A verb is a function of a `Call` and its own options that returns a `Told`. `@verb(app, "name")` gives it the options
that all have; `sends=True` adds --dry-run, `account="member"` adds --as with that default. `offline=True` is for verbs
that need no workspace: they have --json alone.
"""

from __future__ import annotations

import inspect
import json as jsons
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ..errors import PassphraseError, UnwrappedError
from .talk import Talk

if TYPE_CHECKING:
    from ..app import App
    from ..settings import Settings

_Workspace = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Chain, accounts and store.  [default: .unwrapped-dao]")
]
_Rpc = Annotated[str | None, typer.Option(metavar="URL", help="A node instead of the embedded chain.")]
_Ipfs = Annotated[str | None, typer.Option(metavar="URL", help="A Kubo node instead of the embedded store.")]
_PassphraseFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Its first line opens the keyfiles; or set UNWRAPPED_PASSPHRASE.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
_As = Annotated[str, typer.Option("--as", metavar="ACCOUNT", help="The account that acts and pays gas.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")]


ANYBODY = "relayer"
"""The default --as of verbs that anybody may pay for; founder or member stand in where there is no such account."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a verb answers: `data` for --json, `lines` for people, `code` the exit code."""

    data: Mapping[str, Any]
    lines: Sequence[str]
    code: int = 0


@dataclass
class Call:
    """One run of a verb."""

    workspace: Path | None = None
    rpc: str | None = None
    ipfs: str | None = None
    passphrase_file: Path | None = None
    index: str | None = None
    """Of a validator's own option; no other verb sets it."""
    json: bool = False
    account: str = ""
    dry_run: bool = False
    talk: Talk = field(default_factory=Talk)
    planned: list[Any] = field(default_factory=list)
    when_told: list[Callable[[], None]] = field(default_factory=list)
    """What is to be done once the result was printed: a command that was killed before has told nobody."""
    until_told: ExitStack = field(default_factory=ExitStack)
    """Holds the workspace until then, if there is something to be done."""

    def settings(self) -> Settings:
        """From options, environment and config.toml."""
        from ..settings import load

        return load(
            {
                "workspace": self.workspace,
                "rpc": self.rpc,
                "ipfs": self.ipfs,
                "passphrase_file": self.passphrase_file,
                "index": self.index,
            }
        )

    def payers(self) -> tuple[str, ...]:
        """For what anybody may do: the account that was named, else the first usual one that is here."""
        return (ANYBODY, "founder", "member") if self.account == ANYBODY else (self.account,)

    @contextmanager
    def open(self, *, may_begin: bool = False, beside: bool = False) -> Iterator[App]:
        """The workspace, for the length of this command; `beside` others, for a server."""
        from ..app import open_app

        with ExitStack() as stack:
            app = stack.enter_context(
                open_app(
                    self.settings(),
                    ask=_ask if sys.stdin.isatty() else None,
                    on_wait=self.talk.wait,
                    dry_run=self.dry_run,
                    may_begin=may_begin,
                    beside=beside,
                    when_told=self.when_told.append,
                )
            )
            self.planned = app.planned
            yield app
            if self.when_told:
                self.until_told.push(stack.pop_all())


def verb(
    noun: typer.Typer, name: str, *, account: str = "", sends: bool = False, offline: bool = False
) -> Callable[[Callable[..., Told]], Callable[..., Told]]:
    """Make a function the verb of a noun."""

    def made(function: Callable[..., Told]) -> Callable[..., Told]:
        common: dict[str, tuple[Any, Any]] = {}
        if account:
            common["account"] = (_As, account)
        if sends:
            common["dry_run"] = (_DryRun, False)
        if not offline:
            common |= {
                "workspace": (_Workspace, None),
                "rpc": (_Rpc, None),
                "ipfs": (_Ipfs, None),
                "passphrase_file": (_PassphraseFile, None),
            }
        common["json"] = (_Json, False)

        def run(**given: Any) -> int:
            call = Call(**{key: given.pop(key) for key in common})
            if offline:
                from ..offline import offline as without_network

                with without_network():
                    return _run(function, call, given)
            return _run(function, call, given)

        hints = get_type_hints(function, include_extras=True)
        _, *own = inspect.signature(function).parameters.values()
        parameters = [p.replace(annotation=hints[p.name], kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        parameters += [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for key, (kind, default) in common.items()
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        run.__doc__ = function.__doc__
        run.__name__ = function.__name__
        noun.command(name)(run)
        return function

    return made


def _run(function: Callable[..., Told], call: Call, given: Mapping[str, Any]) -> int:
    if call.dry_run:
        return _rehearse(function, call, given)
    with call.until_told:
        told = function(call, **given)
        call.talk.done()
        code = _print(call, told)
        sys.stdout.flush()
        for close in call.when_told:
            close()
        return code


def _rehearse(function: Callable[..., Told], call: Call, given: Mapping[str, Any]) -> int:
    """--dry-run: the transactions instead of the result."""
    from ..chain.rehearsal import RehearsalEnd
    from .planned import tell

    refused: UnwrappedError | None = None
    complete = False
    try:
        with call.until_told:
            function(call, **given)
        complete = True
    except RehearsalEnd:
        call.talk.say("The rest depends on what this transaction does, so it is not shown.")
    except UnwrappedError as problem:
        if not call.planned:
            raise
        refused = problem
    call.talk.done()
    _print(call, tell(call.planned, complete, refused))
    if refused is not None:
        raise refused
    return 0


def _print(call: Call, told: Told) -> int:
    """The result; what it quotes was written by strangers, and a terminal must not obey it."""
    from ..exports import visible

    if call.json:
        ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
        data = jsons.dumps(told.data, indent=2, default=_plain, ensure_ascii=ascii_only)
        print(visible(data, keep="\n", as_json=True))
    else:
        for line in told.lines:
            print(visible(line, keep="\n\t"))
    return told.code


def _plain(value: Any) -> Any:
    """What JSON has no word for: bytes as 0x-hex, paths and addresses as text, frozen records as objects."""
    import msgspec

    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Path):
        return str(value)
    return msgspec.to_builtins(value)


def _ask(new: bool) -> str:
    """A passphrase from the terminal, without echo; twice when it will protect a new keyfile."""
    import getpass

    try:
        first = getpass.getpass("Passphrase for a new keyfile: " if new else "Passphrase: ")
        if new and getpass.getpass("The same once more: ") != first:
            raise PassphraseError("The two passphrases differ.", hint="Run the command again; nothing was made.")
    except EOFError:
        raise PassphraseError("No passphrase was given.") from None
    if not first:
        raise PassphraseError("No passphrase was given.", hint="Type the passphrase that protects this keyfile.")
    return first
