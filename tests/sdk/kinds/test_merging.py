"""Merging against a model: what somebody really played is known, and each file tells a part of it in its own way.

However the parts overlap, each play that any of them tells is in the history once. Files are cut between sittings here:
where one ends and another begins between two short plays of one title, nobody could tell whether they are one.
"""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.kinds.music.listens import Listens, Row
from unwrapped_dao.kinds.music.merging import TOLERANCE_MS, merge_tellings, title_key

DAY = 86_400_000
FIRST = 20_000 * DAY


class Play(NamedTuple):
    start: int
    played: int
    pause: int
    title: str


def row(source: str, start: int, played: int, title: str, clock: int = 0, **more: str) -> Row:
    text = {"album": "", "track_id": "", "reason_start": "", "reason_end": ""} | more
    return (
        start, played, "Zelvora", title, text["album"], text["track_id"], "music", text["reason_start"],
        text["reason_end"], -1, -1, 0, clock, source,
    )  # fmt: skip


def extended(p: Play) -> Row | None:
    """The stop to the second, the length to the millisecond, the device's clock."""
    stop = (p.start + p.played + p.pause) // 1_000 * 1_000
    clock = p.start // 1_000
    return row("spotify-extended", stop - p.played, p.played, p.title, clock, reason_end="trackdone", track_id="x" * 22)


def account(p: Play) -> Row | None:
    """The stop to the minute."""
    stop = (p.start + p.played + p.pause) // 60_000 * 60_000
    return row("spotify-account", stop - p.played, p.played, p.title)


def scrobble(p: Play) -> Row | None:
    """The start, of what was heard for half a minute."""
    return row("lastfm", p.start // 1_000 * 1_000 + 2_000, -1, f"{p.title} (feat. X)") if p.played >= 30_000 else None


def relisted(p: Play) -> Row | None:
    """A second export of the extended history, in which details differ."""
    found = extended(p)
    return (*found[:3], found[3], "An album", *found[5:]) if found else None


TELLERS = (extended, account, scrobble, relisted)
NAMES = ("spotify-extended", "spotify-account", "lastfm", "spotify-extended")


@st.composite
def lives(draw: st.DrawFn) -> list[Play]:
    """One play after the other, with favourites on repeat, skips, and breaks of any length."""
    plays: list[Play] = []
    at = FIRST
    for n in range(draw(st.integers(1, 14))):
        at += draw(st.sampled_from([0, 500, 20_000, 400_000, 3 * 3_600_000]))
        whole = draw(st.booleans())
        title = draw(st.sampled_from(["Tide", "Home", "Lantern"]))
        # Played through, a title lasts equally long; skipped, it never does so twice.
        played = {"Tide": 181_234, "Home": 95_003, "Lantern": 240_500}[title] if whole else 3_000 + 7_117 * n
        plays.append(Play(at, played, 0, title))
        at += played
    return plays


def window(plays: list[Play], ends: tuple[int, int]) -> list[Play]:
    gaps = [b.start - a.start - a.played for a, b in pairwise(plays)]
    cuts = [0, *(n for n, gap in enumerate(gaps, 1) if gap > 2 * TOLERANCE_MS), len(plays)]
    first, last = sorted(cuts[end % len(cuts)] for end in ends)
    return plays[first:last]


@settings(max_examples=300, deadline=None)
@given(lives(), st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), min_size=4, max_size=4))
def test_each_play_that_any_file_tells_is_in_the_history_once(plays: list[Play], ends: list[tuple[int, int]]) -> None:
    tellings = []
    told: set[Play] = set()
    for tell, name, end in zip(TELLERS, NAMES, ends, strict=True):
        part = [(p, found) for p in window(plays, end) if (found := tell(p))]
        told |= {p for p, _ in part}
        tellings.append((name, Listens.of_rows([found for _, found in part])))
    tellings = [one for one in tellings if len(one[1])]
    if not tellings:
        return
    merged = merge_tellings(tellings)
    assert len(merged) == len(told), (plays, ends)
    assert sorted(title_key(title) for title in merged.texts("track")) == sorted(title_key(p.title) for p in told)
    for order in permutations(tellings):
        assert merge_tellings(order) == merged, "the order of the files decides nothing"


def test_a_repeat_at_the_edge_of_two_exports_is_neither_lost_nor_counted_again() -> None:
    """The later file has one more, earlier, play: matching whatever is near first would lose it."""
    scrobbles = [row("lastfm", FIRST + n * 100_000, -1, "Tide") for n in range(3)]
    parts = [("lastfm", Listens.of_rows(scrobbles[1:])), ("lastfm", Listens.of_rows(scrobbles))]
    assert merge_tellings(parts) == merge_tellings(parts[::-1]) == Listens.of_rows(scrobbles)


@pytest.mark.parametrize("pause", [0, 200_000, 40 * 60_000])
def test_a_paused_play_is_known_by_the_devices_clock(pause: int) -> None:
    """Only the stop is told, so that it seems to start late; the scrobble was sent at the start."""
    play = Play(FIRST, 180_000, pause, "Tide")
    parts = [("spotify-extended", Listens.of_rows([extended(play)])), ("lastfm", Listens.of_rows([scrobble(play)]))]  # type: ignore[list-item]
    assert merge_tellings(parts).texts("source") == ("spotify-extended",)


def test_titles_that_only_resemble_each_other_stay_two() -> None:
    rows = [row("spotify-extended", FIRST, 180_000, "Tide"), row("lastfm", FIRST + TOLERANCE_MS + 1_000, -1, "Tide"),
            row("lastfm", FIRST, -1, "Tide II")]  # fmt: skip
    parts = [
        (source, Listens.of_rows([r for r in rows if r[13] == source])) for source in ("spotify-extended", "lastfm")
    ]
    assert len(merge_tellings(parts)) == 3


def daily(day: int, title: str, n: int = 0) -> Row:
    return row("apple-music-daily", FIRST + day * DAY + n, 180_000, title)


def test_what_only_the_daily_file_tells_of_a_day_is_kept() -> None:
    """The activity has lost one title of the day (it names no artist); the owner's days begin earlier than UTC's."""
    activity = [row("apple-music-activity", FIRST + 3_600_000, 180_000, "Tide"),
                row("apple-music-activity", FIRST + 23 * 3_600_000, 180_000, "Home")]  # fmt: skip
    days = [daily(0, "Tide"), daily(1, "Home"), daily(0, "Lantern"), daily(0, "Lantern", 1), daily(3, "Tide")]
    merged = merge_tellings(
        [("apple-music-activity", Listens.of_rows(activity)), ("apple-music-daily", Listens.of_rows(days))]
    )
    assert [(r.track, r.source[12:]) for r in merged] == [
        ("Lantern", "daily"), ("Lantern", "daily"), ("Tide", "activity"), ("Home", "activity"), ("Tide", "daily"),
    ]  # fmt: skip
