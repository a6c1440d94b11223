"""Intent: whether a play was chosen, came by itself, or was arrived at by skipping; and how much is shuffled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight, NotInFile

CHOSEN: Final = "chosen by you"
FLOWED: Final = "came next by itself"
SKIPPED_TO: Final = "reached by skipping"
RESUMED: Final = "the app resumed"
OTHER: Final = "other"
WAYS: Final = (CHOSEN, FLOWED, SKIPPED_TO, RESUMED, OTHER)

_WAY_OF: Final = {
    "clickrow": CHOSEN, "clickside": CHOSEN, "playbtn": CHOSEN, "popup": CHOSEN, "remote": CHOSEN, "uriopen": CHOSEN,
    "trackdone": FLOWED,
    "backbtn": SKIPPED_TO, "endplay": SKIPPED_TO, "fwdbtn": SKIPPED_TO, "nextbtn": SKIPPED_TO,
    "appload": RESUMED, "audio-restart": RESUMED, "persisted": RESUMED, "reconnect": RESUMED,
    "switched-to-audio": RESUMED, "switched-to-video": RESUMED,
}  # fmt: skip
_ANSWERS_NEEDED: Final = 100


@dataclass(frozen=True, slots=True)
class YearOfIntent:
    """One year: plays by way of starting, in the order of `WAYS`, and the share shuffled (None: not told)."""

    year: int
    ways: tuple[int, ...]
    shuffled: float | None


@dataclass(frozen=True, slots=True)
class Intent:
    """How heard plays began. `known_share` is the part of plays whose start the file tells."""

    known_share: float
    ways: tuple[int, ...]
    shuffled: float | None
    years: tuple[YearOfIntent, ...]

    def share(self, way: str) -> float:
        """The part of the known plays that began so."""
        return self.ways[WAYS.index(way)] / (sum(self.ways) or 1)


def _of(history: History) -> Intent | NotInFile:
    heard = history.heard
    known = len(heard) - heard.reason_start.count("") - heard.reason_start.count("unknown")
    if known < _ANSWERS_NEEDED:
        few = f"Too few plays tell how they were started: {known} of the {_ANSWERS_NEEDED} that it takes."
        return NotInFile(few if known else "This file does not tell how each play was started.")
    years = []
    table = Counter(zip([month // 12 for month in heard.month], heard.reason_start, heard.shuffle, strict=True))
    for year in history.years:
        part = Counter({key[1:]: plays for key, plays in table.items() if key[0] == year})
        ways = _ways(part)
        if sum(ways):
            years.append(YearOfIntent(year, ways, _shuffled(part)))
    whole: Counter[tuple[str, int]] = Counter()
    for (_, reason, shuffle), plays in table.items():
        whole[reason, shuffle] += plays
    return Intent(known / len(heard), _ways(whole), _shuffled(whole), tuple(years))


def _ways(part: Counter[tuple[str, int]]) -> tuple[int, ...]:
    sums = dict.fromkeys(WAYS, 0)
    for (reason, _), plays in part.items():
        if reason not in ("", "unknown"):
            sums[_WAY_OF.get(reason, OTHER)] += plays
    return tuple(sums.values())


def _shuffled(part: Counter[tuple[str, int]]) -> float | None:
    on = sum(plays for (_, shuffle), plays in part.items() if shuffle == 1)
    off = sum(plays for (_, shuffle), plays in part.items() if shuffle == 0)
    return on / (on + off) if on + off else None


INTENT: Final = HistoryInsight("intent", "Intent", _of)
