"""The insights as a kind offers them (`kinds.protocols.Insights`): for callers that do not know what a listen is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ...protocols import WrittenInsights
from ..listens import Listens
from .writing import write_comparison, write_report


class MusicInsights:
    """Report, share card and notes of one history; a page that compares two."""

    def write(
        self,
        records: Listens,
        folder: Path,
        *,
        timezone: str | None = None,
        include_private: bool = False,
        names: int = 0,
    ) -> WrittenInsights:
        """`report.html`, `card.svg` and `insights.md` in `folder`; `names` artists may be named in the notes."""
        done = write_report(records, folder, timezone=timezone, include_private=include_private, name_artists=names)
        return WrittenInsights((done.report, done.card, done.notes), done.highlights)

    def compare(
        self,
        records: Sequence[Listens],
        folder: Path,
        *,
        labels: Sequence[str],
        timezones: Sequence[str | None],
    ) -> Path:
        """`comparison.html` in `folder`, of exactly two histories."""
        (mine, other), (label_a, label_b), (zone_a, zone_b) = records, labels, timezones
        return write_comparison(
            mine, other, folder, label_a=label_a, label_b=label_b, timezone_a=zone_a, timezone_b=zone_b
        )


MUSIC_INSIGHTS: Final = MusicInsights()
