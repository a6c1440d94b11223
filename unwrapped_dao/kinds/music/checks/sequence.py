"""One play leads to the next: reasons that link, sittings, and starts that have something before them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from ...protocols import CheckResult
from ..sources.apple_music import DAILY
from .view import PlayView, fine, judge

LONELY_MS: Final = 1_800_000
PAUSE_MS: Final = 600_000
"""What may stand between two plays of one sitting: advertisements, a pause (which makes a play seem to start late)."""
FOLLOWS: Final = frozenset({"trackdone", "fwdbtn", "backbtn"})


def sequence_checks(view: PlayView) -> Iterator[CheckResult]:
    """Contiguity, chain of reasons, company, overlaps, orphans."""
    yield from _chain(view)
    yield from _company(view)
    yield _orphans(view)


def _chain(view: PlayView) -> Iterator[CheckResult]:
    """Plays follow each other: the next starts where the last stopped, and for the reason that the last stopped."""
    slack = view.slack_ms
    song = view.is_song
    pairs = near = told = linked = 0
    for i in range(len(view) - 1):
        if view.played_ms[i] < 0 or view.source[i] == DAILY or not song[i + 1]:
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


def _company(view: PlayView) -> Iterator[CheckResult]:
    """Songs come in sittings, one after the other: few are alone in their half hour, few start before the last ended.

    Both rates grow when rows are scattered into a history, or when two people's are laid over each other.
    """
    timed = [(start, song) for start, song, source in zip(view.start_ms, view.is_song, view.source, strict=True)
             if source != DAILY]  # fmt: skip
    plays = sum(song for _, song in timed)
    if plays < 2:
        yield fine("lonely-plays", "authenticity")
        yield fine("overlapping-plays", "ownership")
        return
    gaps = [2 * LONELY_MS, *(b - a for (a, _), (b, _) in pairwise(timed)), 2 * LONELY_MS]
    alone = [before > LONELY_MS and after > LONELY_MS for before, after in pairwise(gaps)]
    lonely = sum(lone and song for lone, (_, song) in zip(alone, timed, strict=True)) / plays
    what = "the share of plays alone in their half hour"
    yield judge("lonely-plays", "authenticity", lonely, 0, 0.25, 0.7, plays, what)
    songs = view.songs()
    over = sum(
        1
        for i in range(len(songs) - 1)
        if songs.played_ms[i] > 0 and songs.start_ms[i] + songs.played_ms[i] > songs.start_ms[i + 1] + songs.slack_ms
    )
    what = "the share of plays that go on while the next one plays"
    yield judge("overlapping-plays", "ownership", over / plays, 0, 0.08, 0.7, plays, what)


def _orphans(view: PlayView) -> CheckResult:
    """A play that began because the last one ended, or was skipped, has a last one.

    Pauses stand between some real ones, so that a part may lack it; rows that were put in or moved lack it mostly.
    """
    rows = zip(view.start_ms, view.played_ms, view.source, strict=True)
    ends = sorted(start + max(0, played) for start, played, source in rows if source != DAILY)
    told = orphans = 0
    for start, reason, song in zip(view.start_ms, view.reason_start, view.is_song, strict=True):
        if song and reason in FOLLOWS:
            told += 1
            at = bisect_right(ends, start + view.slack_ms)
            orphans += not at or ends[at - 1] < start - PAUSE_MS
    if not told:
        return fine("orphan-starts", "authenticity")
    what = "the share of plays that follow one which is not there"
    return judge("orphan-starts", "authenticity", orphans / told, 0, 0.15, 0.7, told, what)
