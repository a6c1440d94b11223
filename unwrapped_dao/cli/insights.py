"""`unwrapped-dao insights`: what is in your own file, offline, without account, workspace or chain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .verbs import Call, Told

_LABELS = ("You", "The other")


def insights(
    call: Call,
    exports: Annotated[
        list[Path],
        typer.Argument(metavar="EXPORT...", help="Zip, folder or file, as the service sent it; several merge."),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the report is written.")] = Path("insights"),
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Like Europe/Berlin.  [default: asked for, else guessed]")
    ] = None,
    compare: Annotated[
        list[Path] | None, typer.Option("--with", metavar="EXPORT", help="Another person's file, to compare with.")
    ] = None,
    with_timezone: Annotated[str | None, typer.Option(metavar="ZONE", help="The other person's time zone.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="What to call you; again, what to call the other.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Count plays in a private session as well.")] = False,
    names: Annotated[int, typer.Option(min=0, max=100, help="How many artists insights.md may name.")] = 0,
    kind: Annotated[str, typer.Option(help="What sort of data it is.")] = "music",
) -> Told:
    """Print what your own export tells, and write a report, a card to share, and notes for your own model.

    Everything stays in the folder: nothing is sent, and neither account nor network is needed.
    """
    from .. import kinds

    shown = kinds.insights(kind)
    call.talk.progress("reading", 0, 1)
    imported = kinds.read(kind, exports)
    others = kinds.read(kind, compare) if compare else None
    call.talk.done()
    for line in imported.summary.lines():
        call.talk.say(line)
    zone = timezone if timezone is not None else _asked()
    call.talk.progress("writing the report", 0, 1)
    done = shown.write(imported.records, out, timezone=zone, include_private=private, names=names)
    files = list(done.files)
    if others is not None:
        labels = [*(label or ()), *_LABELS[len(label or ()) :]][:2]
        both = (imported.records, others.records)
        files.append(shown.compare(both, out, labels=labels, timezones=(zone, with_timezone)))
    data = {
        "highlights": done.highlights,
        "files": files,
        "records": len(imported.records),
        "import": imported.summary.lines(),
    }
    lines = [*done.highlights, "", *(f"Written: {path}" for path in files)]
    return Told(data, [*lines, "Nothing was sent anywhere; open the report in any browser."])


def _asked() -> str | None:
    """The time zone, from whoever sits at the terminal; None, to be guessed, if nobody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    print("Your time zone, like Europe/Berlin (Enter: guess it from the file): ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or None
