"""Writes a report to a folder. Nothing here or below opens a connection, reads a clock or knows a person."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ....errors import SettingsError
from ..listens import Listens
from .comparison import compare
from .findings import find
from .highlights import lines
from .history import History
from .notes import notes
from .report import card, report
from .report.side_by_side import side_by_side

REPORT_NAME = "report.html"
CARD_NAME = "card.svg"
NOTES_NAME = "insights.md"
COMPARISON_NAME = "comparison.html"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Where the page, the share card and the notes are, and the highlights as lines of text."""

    report: Path
    card: Path
    notes: Path
    highlights: tuple[str, ...]


def highlights(listens: Listens, timezone: str | dt.tzinfo | None = None) -> list[str]:
    """A dozen sentences about a history, safe for a terminal. Raises `InputError` without music."""
    return lines(find(History(listens, timezone)))


def write_report(
    listens: Listens,
    folder: str | os.PathLike[str],
    *,
    timezone: str | dt.tzinfo | None = None,
    include_private: bool = False,
    name_artists: int = 0,
) -> ReportFiles:
    """Write `report.html`, `card.svg` and `insights.md` to `folder`, which is made if needed.

    The same listens and zone give the same bytes. `timezone` is a name like `Europe/Berlin`; without one it is guessed,
    and the report says so. `name_artists` lets that many artists' names into `insights.md`; the card never holds any.
    Raises `InputError` without music, `SettingsError` for an unknown zone or a folder that cannot be written.
    """
    found = find(History(listens, timezone, include_private=include_private))
    picture = card(found)
    files = ReportFiles(
        Path(folder) / REPORT_NAME, Path(folder) / CARD_NAME, Path(folder) / NOTES_NAME, tuple(lines(found))
    )
    _write(
        [
            (files.report, report(found, picture)),
            (files.card, picture),
            (files.notes, notes(found, name_artists=name_artists)),
        ]
    )
    return files


def write_comparison(
    a: Listens,
    b: Listens,
    folder: str | os.PathLike[str],
    *,
    label_a: str = "A",
    label_b: str = "B",
    timezone_a: str | dt.tzinfo | None = None,
    timezone_b: str | dt.tzinfo | None = None,
) -> Path:
    """Write `comparison.html`: two histories side by side. Raises as `write_report` does."""
    compared = compare(History(a, timezone_a), History(b, timezone_b), label_a, label_b)
    path = Path(folder) / COMPARISON_NAME
    _write([(path, side_by_side(compared))])
    return path


def _write(files: Sequence[tuple[Path, str]]) -> None:
    try:
        files[0][0].parent.mkdir(parents=True, exist_ok=True)
        for path, text in files:
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SettingsError(
            f"The report cannot be written to {str(files[0][0].parent)!r}: {error.strerror or 'no reason given'}.",
            hint="Name a folder that you may write to.",
        ) from error
