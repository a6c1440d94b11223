"""The columns that the checks read, and how a rate is judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Final

from ...protocols import PPM, Axis, CheckResult
from ..listens import Listens

WHOLE_SECONDS: Final = frozenset({"deezer", "maloja", "listenbrainz"})
"""Sources that tell lengths in seconds."""

ENOUGH: Final = 400
"""Plays from which on a rate is taken at its word; below, its penalty shrinks in proportion."""


SPOKEN: Final = frozenset({"podcast", "audiobook"})
_COLUMNS: Final = (
    "start_ms", "played_ms", "artist", "track", "track_id", "kind", "reason_start", "reason_end", "clock_s", "source",
)  # fmt: skip


@dataclass(frozen=True)
class PlayView:
    """Parallel columns, sorted by start; a length of -1 is not known. `slack_ms` is how exact starts are.

    Plays known only by their day (one of Apple's files) are left out where the time of day matters.
    """

    start_ms: tuple[int, ...]
    played_ms: tuple[int, ...]
    artist: tuple[str, ...]
    track: tuple[str, ...]
    track_id: tuple[str, ...]
    kind: tuple[str, ...]
    reason_start: tuple[str, ...]
    reason_end: tuple[str, ...]
    clock_s: tuple[int, ...]
    source: tuple[str, ...]
    slack_ms: int

    @classmethod
    def of(cls, records: Listens) -> PlayView:
        """All records."""
        return cls(
            start_ms=records.integers("start_ms"),
            played_ms=records.integers("played_ms"),
            artist=records.texts("artist"),
            track=records.texts("track"),
            track_id=records.texts("track_id"),
            kind=records.texts("kind"),
            reason_start=records.texts("reason_start"),
            reason_end=records.texts("reason_end"),
            clock_s=records.integers("clock_s"),
            source=records.texts("source"),
            slack_ms=61_000 if "spotify-account" in records.texts("source") else 5_000,
        )

    def songs(self) -> PlayView:
        """Without podcasts and audiobooks: they are heard in pieces, alone and once, which is how no song is, and they
        enter no scope and bring no weight, so that nothing is won by padding with them.
        """
        keep = self.is_song
        if all(keep):
            return self
        columns = {name: tuple(compress(getattr(self, name), keep)) for name in _COLUMNS}
        return PlayView(**columns, slack_ms=self.slack_ms)

    @cached_property
    def is_song(self) -> tuple[bool, ...]:
        """Row by row whether it is music."""
        return tuple(kind not in SPOKEN for kind in self.kind)

    @property
    def lengths(self) -> list[int]:
        """The lengths that are known."""
        return [ms for ms in self.played_ms if ms >= 0]

    @property
    def exact_lengths(self) -> list[int]:
        """The lengths that are known to the millisecond."""
        rows = zip(self.played_ms, self.source, strict=True)
        return [ms for ms, source in rows if ms >= 0 and source not in WHOLE_SECONDS]

    def __len__(self) -> int:
        return len(self.start_ms)


def judge(
    check: str, axis: Axis, value: float, low: float, high: float, worst: float, evidence: int, what: str
) -> CheckResult:
    """Penalise a rate outside [low, high].

    The penalty grows in a straight line from 0 at the edge to `worst` (0 to 1) at one width of the range away from it,
    or at the natural end (0) if that comes first, and is scaled by `evidence` plays / `ENOUGH`. `value` is rounded to 6
    decimals first, so that the last bit of a logarithm cannot decide.
    """
    value = round(value, 6)
    away = max(low - value, value - high, 0.0)
    if away == 0.0:
        return CheckResult(check, axis, 0, "")
    width = (high - low) if value > high else min(high - low, low)
    share = min(1.0, away / width) if width > 0 else 1.0
    penalty = int(worst * share * min(evidence, ENOUGH) * PPM) // ENOUGH
    side = "above" if value > high else "below"
    edge = high if value > high else low
    return CheckResult(check, axis, penalty, f"{what} is {value:.4g}, {side} {edge:.4g}" if penalty else "")


def fine(check: str, axis: Axis) -> CheckResult:
    """A check that had nothing to look at."""
    return CheckResult(check, axis, 0, "")
