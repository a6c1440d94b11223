"""`unwrapped-dao export-help`, `export-summary`, `export-schema`: getting a file, and seeing what is in it. Offline."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from .verbs import Call, Told

_Exports = Annotated[
    list[Path], typer.Argument(metavar="EXPORT...", help="Zip, folder or file, as the service sent it.")
]
_Kind = Annotated[str, typer.Option(help="What sort of data it is.")]


def export_help(
    call: Call,
    service: Annotated[str | None, typer.Argument(help="Like spotify; leave it out for the list.")] = None,
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day you ask on, like 2026-12-01.  [default: today]")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="For the reminder and the letter.")] = Path("export-help"),
) -> Told:
    """How to get your own data from a service: steps with dates, a calendar reminder, a letter that asks for access."""
    from .. import kinds
    from ..errors import SettingsError
    from ..kinds import helpdesk

    services = kinds.services()
    if service is None:
        rows = [{"service": s.name, "wait": s.wait, "brings": s.brings, "page": s.page} for s in services.values()]
        lines = [f"{s.name}: {s.brings} ({s.wait})" for s in services.values()]
        return Told({"services": rows}, [*lines, "Steps, reminder and letter: `unwrapped-dao export-help SERVICE`."])
    found = kinds.service(service)
    day = _day(on)
    files = {
        f"{found.name}-reminder.ics": helpdesk.reminder_calendar(found, day),
        f"{found.name}-letter.txt": helpdesk.letter(found, day),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise SettingsError(
            f"Reminder and letter cannot be written to {out}: {error.strerror or 'no reason given'}.",
            hint="Name a folder that you may write to with --out.",
        ) from error
    written = [out / name for name in files]
    lines = helpdesk.steps(found, day)
    data = {"service": found.name, "asked": day, "steps": found.steps, "page": found.page, "files": written}
    data["reminders"] = [{"day": when, "summary": what} for when, what, _ in helpdesk.reminders(found, day)]
    return Told(
        data, [*lines, "", f"Reminder for your calendar: {written[0]}", f"Letter, if it is needed: {written[1]}"]
    )


def export_summary(
    call: Call,
    exports: _Exports,
    kind: _Kind = "music",
    rows: Annotated[int, typer.Option(min=0, help="How many of the rows that were left out to name.")] = 20,
) -> Told:
    """Read an export and tell what was kept, what was left out and why, row by row, and which files were ignored."""
    from .. import kinds

    summary = kinds.read(kind, exports).summary
    lines = summary.lines()
    if summary.problems and rows:
        lines += ["", "Left out, with rows counted from 0:"]
        lines += [f"  {p.file}, row {p.row}: {p.reason}" for p in summary.problems[:rows]]
        if len(summary.problems) > rows:
            lines.append(f"  ... and {len(summary.problems) - rows} more (--rows shows them)")
    if summary.ignored:
        lines += ["", "Not read:"] + [f"  {name}: {reason}" for name, reason in summary.ignored]
    data: dict[str, Any] = {
        "files": summary.files, "rows": summary.rows, "records": summary.records, "repeats": summary.duplicates,
        "left_out": dict(summary.left_out), "problems": summary.problems,
        "ignored": [{"file": name, "reason": reason} for name, reason in summary.ignored],
    }  # fmt: skip
    return Told(data, lines)


def export_schema(call: Call, exports: _Exports, kind: _Kind = "music") -> Told:
    """Print the keys and types of an export that cannot be read, without one value, to send to whoever can help.

    Personal files are not opened. Read it before you send it: nothing is sent by itself.
    """
    from .. import kinds

    found = kinds.get(kind)
    reports = [found.schema(export) for export in exports]
    lines = [line for report in reports for line in report.lines()]
    return Told({"files": [file for report in reports for file in report.files]}, lines)


def _day(text: str | None) -> dt.date:
    from ..errors import InputError

    try:
        day = dt.date.fromisoformat(text) if text else dt.date.today()
    except ValueError:
        raise InputError(f"{text!r} is no date.", hint="Write it like 2026-12-01.") from None
    if not 2000 <= day.year < 2100:
        raise InputError(f"The year of {day} is not one to ask in.", hint="Write the day you ask on, like 2026-12-01.")
    return day
