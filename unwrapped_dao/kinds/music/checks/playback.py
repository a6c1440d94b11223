"""How the player tells it: ids, one play leading to the next, and two clocks that agree.

These need the extended history; account data has neither ids nor reasons, and is judged by the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from ...protocols import CheckResult
from ..sources.apple_music import DAILY
from .view import PlayView, fine, judge

_BASE62 = {c: i for i, c in enumerate("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def playback_checks(view: PlayView) -> Iterator[CheckResult]:
    """Ids, chain of reasons, contiguity, completed plays, clocks."""
    yield _ids(view)
    yield from _chain(view)
    yield from _company(view)
    yield _completed(view)
    yield _clocks(view)


def uuid_version(text: str) -> int:
    """The version of the RFC 4122 UUID behind a 22-character base-62 id, or 0 if there is none.

    Tracks are version 4 (15,198 of 15,198 seen), episodes version 5; a random id passes for one in about
    0.2%.
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


def _chain(view: PlayView) -> Iterator[CheckResult]:
    """Plays follow each other: the next starts where the last stopped, and for the reason that the last
    stopped.
    """
    slack = view.slack_ms
    pairs = near = told = linked = 0
    for i in range(len(view) - 1):
        if view.played_ms[i] < 0 or view.source[i] == DAILY:
            continue
        pairs += 1
        gap = view.start_ms[i + 1] - view.start_ms[i] - view.played_ms[i]
        if not -slack <= gap <= slack:
            continue
        near += 1
        end, start = view.reason_end[i], view.reason_start[i + 1]
        if end and start:
            told += 1
            linked += end == start or (end == "endplay" and start in ("clickrow", "playbtn", "remote", "uriopen"))
    if pairs < 1:
        yield fine("contiguity", "authenticity")
        yield fine("reason-chain", "authenticity")
        return
    yield judge(
        "contiguity",
        "authenticity",
        near / pairs,
        0.25,
        1,
        0.6,
        pairs,
        "the share of plays that follow another",
    )
    if not told:
        yield fine("reason-chain", "authenticity")
        return
    yield judge(
        "reason-chain",
        "authenticity",
        linked / told,
        0.4,
        1,
        0.6,
        told,
        "the share of starts explained by the last end",
    )


LONELY_MS = 1_800_000


def _company(view: PlayView) -> Iterator[CheckResult]:
    """Songs come in sittings, one after the other: few are alone in their half hour, few start before the last ended.

    Both rates grow when rows are scattered into a history, or when two people's are laid over each other.
    """
    starts = [start for start, source in zip(view.start_ms, view.source, strict=True) if source != DAILY]
    plays = len(starts)
    if plays < 2:
        yield fine("lonely-plays", "authenticity")
        yield fine("overlapping-plays", "ownership")
        return
    gaps = [2 * LONELY_MS, *(b - a for a, b in pairwise(starts)), 2 * LONELY_MS]
    lonely = sum(1 for before, after in pairwise(gaps) if before > LONELY_MS and after > LONELY_MS) / plays
    what = "the share of plays alone in their half hour"
    yield judge("lonely-plays", "authenticity", lonely, 0, 0.3, 0.85, plays, what)
    over = sum(
        1
        for i in range(len(view) - 1)
        if view.played_ms[i] > 0 and view.start_ms[i] + view.played_ms[i] > view.start_ms[i + 1] + view.slack_ms
    )
    what = "the share of plays that go on while the next one plays"
    yield judge("overlapping-plays", "ownership", over / plays, 0, 0.08, 0.7, plays, what)


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


def _clocks(view: PlayView) -> CheckResult:
    """The device's clock at the start must not be after the server's clock at the stop, less the time
    played.
    """
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
