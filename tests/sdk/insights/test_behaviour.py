"""Skips, intent, binges, habits: how."""

from __future__ import annotations

import math

from tests.sdk.insights.builders import daily, history, play
from unwrapped_dao.kinds.music.insights import NotInFile
from unwrapped_dao.kinds.music.insights.binges import BINGES
from unwrapped_dao.kinds.music.insights.habits import HABITS
from unwrapped_dao.kinds.music.insights.intent import CHOSEN, FLOWED, INTENT, SKIPPED_TO, Intent
from unwrapped_dao.kinds.music.insights.skips import SKIPS, SkipAnswers
from unwrapped_dao.kinds.music.listens import Row

IN_2024 = 730


def _answers(rows: list[Row]) -> SkipAnswers:
    value = SKIPS.of(history(rows)).answers
    assert isinstance(value, SkipAnswers)
    return value


def test_how_a_play_ended_decides_whether_it_was_skipped() -> None:
    rows = [play(d, end="fwdbtn" if d % 4 == 0 else "trackdone", skipped=0, ms=20_000) for d in range(200)]
    found = _answers(rows)
    assert found.overall.share == 0.25
    assert found.known_share == 1
    assert found.before_skip_ms == 20_000


def test_the_field_skipped_is_believed_from_2024_only() -> None:
    early = [play(d, end="logout", skipped=1) for d in range(150)]
    late = [play(IN_2024 + d, end="logout", skipped=1) for d in range(150)]
    whole = [play(d, hour=20) for d in range(150)]
    assert _answers(early + whole).overall.skipped == 0
    assert _answers(early + whole).known_share == 0.5
    assert _answers(late + whole).overall.skipped == 150


def test_without_endings_skips_are_not_in_the_file_and_nothing_is_guessed() -> None:
    found = SKIPS.of(history([play(d, end="", skipped=-1, ms=5_000 if d % 2 else 180_000) for d in range(400)]))
    assert isinstance(found.answers, NotInFile)
    assert found.short_share == 0.5


def test_skips_by_artist_hour_and_shuffle() -> None:
    rows = [play(d, "Loved", hour=9, shuffle=0) for d in range(60)]
    rows += [play(d, "Skipped", hour=18, end="fwdbtn", ms=4_000, shuffle=1) for d in range(60)]
    found = _answers(rows)
    assert (found.most_skipped[0].name, found.least_skipped[0].name) == ("Skipped", "Loved")
    assert found.by_hour[18].share == 1
    assert (found.shuffled.share, found.in_order.share) == (1, 0)
    assert found.instant_share == 1
    assert [t.artist for t in found.never_skipped] == ["Loved"]


def test_intent_tells_chosen_from_flowing_and_leaves_the_unknown_out() -> None:
    reasons = ["clickrow"] * 20 + ["trackdone"] * 70 + ["fwdbtn"] * 10 + [""] * 25
    found = INTENT.of(history([play(d, start=reason, shuffle=d % 2) for d, reason in enumerate(reasons)]))
    assert isinstance(found, Intent)
    assert (found.share(CHOSEN), found.share(FLOWED), found.share(SKIPPED_TO)) == (0.2, 0.7, 0.1)
    assert found.known_share == 100 / 125
    assert found.shuffled is not None
    assert math.isclose(found.shuffled, 62 / 125)


def test_shuffle_that_is_not_told_is_none() -> None:
    found = INTENT.of(history([play(d, start="clickrow", shuffle=-1) for d in range(120)]))
    assert isinstance(found, Intent)
    assert found.shuffled is None


def test_binges_count_runs_days_and_artists() -> None:
    rows = [play(0, "Ada", "Hit", hour=8 + i / 10) for i in range(7)]
    rows += [play(0, "Ada", "Flip", hour=9), play(0, "Ada", "Hit", hour=10), play(1, "Bob", "Other")]
    found = BINGES.of(history(rows))
    assert [(b.track, b.plays) for b in found.in_a_row] == [("Hit", 7)]
    assert [(b.track, b.plays) for b in found.in_a_day] == [("Hit", 8)]
    assert [(b.artist, b.plays) for b in found.artist_runs] == [("Ada", 9)]
    assert math.isclose(found.repeat_share, 1 - 3 / 10)


def test_habits_are_what_they_are_named_for() -> None:
    # Weeks of one artist, then weeks of another; every fourth play at two in the night; one track a day, twice.
    rows = []
    for week in range(12):
        for day in range(7):
            artist = "Ada" if week % 2 else "Bob"
            rows += [play(week * 7 + day, artist, f"{artist} {day}", hour=h) for h in (2, 10, 11, 12)]
    habits = HABITS.of(history(rows)).whole
    assert habits.late == 0.25
    assert habits.volatility == 1
    assert habits.repeat == 0.75
    # Of 24 plays of each of 14 tracks, all after the tenth are comfort.
    assert math.isclose(habits.comfort, 14 / 24)


def test_the_same_artists_every_week_are_not_volatile() -> None:
    habits = HABITS.of(history([row for d in range(60) for row in daily([d], f"Artist {d % 7}", times=3)])).whole
    assert habits.volatility is not None
    assert habits.volatility < 0.05
