"""How the player tells a play: its id, how long it lasted, and two clocks that agree.

Ids and clocks need the extended history; account data has neither, and is judged by the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from ...protocols import CheckResult
from .view import WHOLE_SECONDS, PlayView, fine, judge

CUT_FROM_MS: Final = 2_000
"""Shorter plays are cut at few different milliseconds by chance."""
NEARLY_MS: Final = 2_000
"""So near to the usual length a play was heard out, whatever is said of its end."""

_BASE62 = {c: i for i, c in enumerate("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def playback_checks(view: PlayView) -> Iterator[CheckResult]:
    """Ids, completed plays, plays that were cut short, clocks."""
    songs = view.songs()
    yield _ids(view)
    yield _completed(songs)
    yield _twins(songs)
    yield _clocks(songs)


def uuid_version(text: str) -> int:
    """The version of the RFC 4122 UUID behind a 22-character base-62 id, or 0 if there is none.

    Tracks are version 4 (15,198 of 15,198 seen), episodes version 5; a random id passes for one in about 0.2%.
    """
    value = 0
    for char in text:
        digit = _BASE62.get(char)
        if digit is None:
            return 0
        value = value * 62 + digit
    if len(text) != 22 or value >> 128 or value >> 62 & 3 != 2:
        return 0
    return value >> 76 & 15


def _ids(view: PlayView) -> CheckResult:
    ids = {i: k for i, k in zip(view.track_id, view.kind, strict=True) if i and k in ("music", "podcast")}
    if not ids:
        return fine("track-ids", "authenticity")
    wrong = sum(1 for text, kind in ids.items() if uuid_version(text) != (4 if kind == "music" else 5)) / len(ids)
    return judge(
        "track-ids",
        "authenticity",
        wrong,
        0,
        0.02,
        0.9,
        20 * len(ids),
        "the share of ids that the service cannot have made",
    )


def _completed(view: PlayView) -> CheckResult:
    """A title that ends by itself lasts equally long each time."""
    lengths: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    columns = zip(view.artist, view.track, view.played_ms, view.reason_end, strict=True)
    for artist, track, ms, end in columns:
        if end == "trackdone":
            lengths[artist, track][ms] += 1
    several = [found for found in lengths.values() if sum(found.values()) > 2]
    total = sum(sum(found.values()) for found in several)
    if not total:
        return fine("completed-length", "authenticity")
    agreeing = sum(max(found.values()) for found in several)
    return judge(
        "completed-length",
        "authenticity",
        agreeing / total,
        0.3,
        1,
        0.6,
        total,
        "the share of completed plays of equal length",
    )


def _twins(view: PlayView) -> CheckResult:
    """A title that is cut short is cut elsewhere each time: the same length to the millisecond is told twice only by a
    copy. Where the file does not tell how a play ended, one of under four fifths of the title's usual length was cut.
    """
    lengths: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    rows = [
        ((artist, track), ms, end)
        for artist, track, ms, end, source in zip(
            view.artist, view.track, view.played_ms, view.reason_end, view.source, strict=True
        )
        if ms >= CUT_FROM_MS and source not in WHOLE_SECONDS
    ]
    for title, ms, _ in rows:
        lengths[title][ms] += 1
    usual = {title: max(found, key=lambda ms: (found[ms], ms)) for title, found in lengths.items()}
    cuts: Counter[tuple[tuple[str, str], int]] = Counter()
    for title, ms, end in rows:
        short = end != "trackdone" if end else ms * 5 < usual[title] * 4
        if short and abs(ms - usual[title]) > NEARLY_MS:
            cuts[title, ms] += 1
    total = cuts.total()
    if not total:
        return fine("twin-lengths", "authenticity")
    twins = sum(count for count in cuts.values() if count > 1)
    what = "the share of plays cut short at the very same millisecond as another"
    return judge("twin-lengths", "authenticity", twins / total, 0, 0.05, 0.7, total, what)


def _clocks(view: PlayView) -> CheckResult:
    """The device's clock at the start must not be after the server's clock at the stop, less the time played."""
    told = early = 0
    for start, clock in zip(view.start_ms, view.clock_s, strict=True):
        if clock:
            told += 1
            early += clock * 1000 > start + 90_000
    if not told:
        return fine("two-clocks", "authenticity")
    return judge(
        "two-clocks",
        "authenticity",
        early / told,
        0,
        0.08,
        0.5,
        told,
        "the share of plays that started after they began",
    )
