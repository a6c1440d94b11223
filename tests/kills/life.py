"""The life of a sale as commands, and for each command the workspace right before it.

One command after the other is run undisturbed; `Chapter.before` is a copy of everything then. The main line goes from
an empty folder to the payouts; a side command is tried on a copy, beside it.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kills import commands
from tests.kills.planted import spy, write_exports, write_later_export
from tests.kills.world import World, look

ACCOUNTS = ("founder", "custodian", "buyer", "ana", "ben", "cleo", "dora")
EXPORTS = 5


@dataclass(frozen=True)
class Line:
    """A command, on the main line or beside it."""

    text: str
    side: bool = False
    after: tuple[str, ...] = ()
    """Commands that come first, for a side command."""

    @property
    def arguments(self) -> list[str]:
        return shlex.split(self.text)

    def is_of(self, verb: str) -> bool:
        """Whether this is a run of `noun verb`."""
        return self.arguments[: len(verb.split())] == verb.split()


def side(text: str, *after: str) -> Line:
    return Line(text, side=True, after=after)


LIFE: tuple[Line, ...] = (
    side("samples more --count 1 --plays 300"),
    side("insights exports/1.zip --out report --timezone UTC"),
    side("export-help spotify --out help --on 2026-12-01"),
    side("account new solo"),
    Line("chain start"),
    Line(f"account new {' '.join(ACCOUNTS)}"),
    side("chain fast-forward 90s"),
    side("account fund ana --eth 5"),
    side("account cancel ana"),
    Line("validator setup"),
    Line(
        "collective deploy --name Rehearsal --validators validator-1,validator-2,validator-3 --custodian custodian"
        " --as founder"
    ),
    side("collective verify --save"),
    side("chain reset --yes"),
    Line("custodian setup"),
    side("custodian backup shares.json"),
    side("custodian restore shares.json", "custodian backup shares.json"),
    side("custodian heartbeat"),
    Line("pool open"),
    side("member join --as ana"),
    side("member join --as ana --sign join.json"),
    side("member payout founder --as ana", "member join --as ana"),
    side("member payout --own --as ana", "member join --as ana", "member payout founder --as ana"),
    side("relayer submit join.json", "member join --as ana --sign join.json"),
    side("member contribute exports/2.zip --as ben --sign two.json", "member join --as ben"),
    side(
        "relayer submit two.json four.json",
        *(f"member join --as {who}" for who in ("ben", "dora")),
        "member contribute exports/2.zip --as ben --sign two.json",
        "member contribute exports/4.zip --as dora --sign four.json",
    ),
    Line("member contribute exports/1.zip --as ana"),
    Line("member contribute exports/2.zip --as ben"),
    Line("member contribute exports/3.zip --as cleo"),
    Line("member contribute exports/4.zip --as dora"),
    Line("member withdraw --as dora"),
    side("member export-mine --as dora"),
    side("member forget --yes --as dora"),
    Line("member contribute exports/4.zip --as dora"),
    Line("member contribute exports/1.zip exports/6.zip --as ana"),
    side("member leave --as dora"),
    side("member leave --as dora --dry-run"),
    Line("pool announce"),
    Line("pool seal"),
    Line("pool publish"),
    side("member withdraw --as dora"),
    side(
        "custodian forget 1 --yes",
        "custodian reshare --custodians ben --threshold 1 --as ana",
        *(f"proposal vote 1 for --as {who}" for who in ("ana", "ben", "cleo")),
        "proposal execute 1",
        *(f"custodian setup --as {who}" for who in ("ben", "custodian", "ben")),
    ),
    Line("account fund buyer --tusd 60000"),
    Line("buyer offer --price 55000 --purpose ai-training"),
    side("buyer expire 1", "chain fast-forward 91d"),
    Line("proposal create --sale 1 --as ana"),
    side("proposal create --call 'RevenueSplitter.setFees(100, 200)' --as ben"),
    side("custodian reshare --custodians ben,cleo,dora --threshold 2 --as ben"),
    Line("member opt-out 1 --as dora"),
    Line("proposal vote 1 for --as ana"),
    Line("proposal vote 1 for --as ben"),
    Line("proposal vote 1 for --as cleo"),
    side("proposal queue 1"),
    Line("proposal execute 1"),
    side("buyer refund 1", "chain fast-forward 1h"),
    Line("custodian run --once"),
    side("custodian collect"),
    side("relayer collect custodian"),
    side("relayer collect ana"),
    side(
        "validator collect",
        "proposal create --call 'RevenueSplitter.payTreasury(validator-1, tUSD, 1000000)' --as ana",
        *(f"proposal vote 2 for --as {who}" for who in ("ana", "ben", "cleo")),
        "proposal execute 2",
    ),
    Line("buyer receive 1"),
    Line("member claim --as ana"),
    Line("member claim --as ben"),
    Line("member claim --as cleo"),
    side("chain reset --yes"),
)


DEMO = side("demo --output told")
"""It changes no workspace and takes longer than all others together, so only the complete matrix kills it."""
SERVING = frozenset({"validator serve", "validator serve-index"})
"""Servers: they are killed while they serve, in their own tests."""
ONE_FILE = frozenset({"validator share-key", "validator take-key"})
"""They write one file and send nothing: tests/sdk/test_disk.py kills such a writing before each of its steps."""
READING = frozenset(
    {
        "account list",
        "buyer catalogue",
        "buyer inspect",
        "chain status",
        "collective status",
        "custodian status",
        "doctor",
        "export-schema",
        "export-summary",
        "member preview",
        "member status",
        "pool list",
        "proposal list",
        "proposal show",
        "validator status",
    }
)
"""Commands that change nothing, so that there is nothing to kill."""


@dataclass(frozen=True)
class Chapter:
    """A command, a folder as it was right before it, and the world right after it."""

    number: int
    line: Line
    before: Path
    after: World = field(repr=False)
    steps: tuple[str, ...] = field(repr=False)
    said: str = field(repr=False)
    """What it printed, on stdout and stderr."""
    secrets: Path
    """Every secret that was made in this life so far; see planted.spied."""

    def copy(self, folder: Path) -> Path:
        """The folder before the command, once more."""
        return shutil.copytree(self.before, folder)


def writing_verbs() -> set[str]:
    """Every `noun verb` (or single word) of the program that is not known to change nothing."""
    import typer

    from unwrapped_dao.cli.program import program

    found: set[str] = set()

    def walk(command: Any, path: tuple[str, ...]) -> None:
        below = getattr(command, "commands", None)
        if below is None:
            found.add(" ".join(path))
        for name, sub in (below or {}).items():
            walk(sub, (*path, name))

    walk(typer.main.get_command(program), ())
    return found - READING - SERVING - ONE_FILE


def begin(folder: Path) -> Path:
    """An empty home with exports in it; the last one is the first one's account, exported later."""
    exports = write_exports(folder / "exports", EXPORTS)
    write_later_export(folder / "exports" / f"{EXPORTS + 1}.zip", exports[0], exports[-1])
    return folder


def told(folder: Path, lines: Sequence[Line] = LIFE) -> Iterator[Chapter]:
    """Live the life once below `folder`, chapter by chapter."""
    home, secrets = begin(folder / "home"), folder / "secrets"
    for number, line in enumerate(lines):
        before = folder / f"{number:02}"
        shutil.copytree(home, before)
        here = home
        if line.side:
            for text in line.after:
                succeed(text, before)
            here = shutil.copytree(before, folder / f"{number:02}-side")
        ended = succeed(line.text, here, watched=True, before=lambda: spy(secrets))
        yield Chapter(number, line, before, look(here), ended.steps, ended.out + ended.err, secrets)


def succeed(text: str, folder: Path, **options: Any) -> commands.Ended:
    """Run a command that must succeed."""
    ended = commands.run(shlex.split(text), folder, **options)
    assert ended.code == 0, f"{text}: exit code {ended.code}\n{ended.out}\n{ended.err}"
    return ended


def chapter_of(chapters: Sequence[Chapter], text: str) -> Chapter:
    """The first chapter whose command begins like this."""
    return next(chapter for chapter in chapters if chapter.line.text.startswith(text))
