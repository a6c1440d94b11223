"""Clock, sessions, streaks, recap: when."""

from __future__ import annotations

from tests.sdk.insights.builders import MINUTE, daily, history, play
from unwrapped_dao.kinds.music.insights import History, NotInFile
from unwrapped_dao.kinds.music.insights.clock import CLOCK, Clock
from unwrapped_dao.kinds.music.insights.recap import RECAP
from unwrapped_dao.kinds.music.insights.sessions import SESSIONS, Sessions
from unwrapped_dao.kinds.music.insights.streaks import STREAKS
from unwrapped_dao.kinds.music.listens import Listens


def _clock(found: History) -> Clock:
    value = CLOCK.of(found)
    assert isinstance(value, Clock)
    return value


def _sessions(found: History) -> Sessions:
    value = SESSIONS.of(found)
    assert isinstance(value, Sessions)
    return value


def test_the_clock_puts_monday_first_and_finds_the_fullest_hour() -> None:
    clock = _clock(history([*daily([0, 7], "Ada", hour=9), *daily([4, 11, 18], "Ada", hour=22)]))
    assert clock.peak == (4, 22)
    assert clock.week[0][9] == 2 * 180_000
    assert clock.total == 5 * 180_000
    assert clock.by_weekday == (360_000, 0, 0, 0, 540_000, 0, 0)


def test_late_and_weekend_shares() -> None:
    clock = _clock(history([play(0, hour=2), play(5, hour=12), play(6, hour=12), play(7, hour=12)]))
    assert clock.late_share == 0.25
    assert clock.weekend_share == 0.5


def test_the_quiet_hours_of_a_person_in_berlin_are_in_the_night(life: Listens) -> None:
    assert _clock(History(life, "Europe/Berlin")).quiet in (1, 2, 3)


def test_half_an_hour_of_silence_ends_a_session_and_less_does_not() -> None:
    first = play(0, hour=10)
    stop = first[0] + first[1]
    near = (stop + 30 * MINUTE - 1, *first[1:])
    far = (near[0] + near[1] + 30 * MINUTE, *first[1:])
    assert _sessions(history([first, near])).sessions == 1
    assert _sessions(history([first, near, far])).sessions == 2


def test_sessions_know_their_length_plays_and_openers() -> None:
    rows = [
        play(day, "Ada", "Opener" if i == 0 else f"Other {i}", hour=8 + i / 20) for day in range(3) for i in range(4)
    ]
    found = _sessions(history(rows))
    assert (found.sessions, found.median_plays) == (3, 4)
    assert found.median_ms == 9 * MINUTE + 180_000
    assert [(o.track, o.times) for o in found.openers] == [("Opener", 3)]
    assert found.starts[8] == 3
    assert sum(found.lengths) == 3
    assert found.per_active_day == 1


def test_skipped_plays_open_no_session() -> None:
    assert isinstance(SESSIONS.of(history([play(0, ms=1_000)])), NotInFile)


def test_streaks_silence_and_the_fullest_day() -> None:
    rows = [*daily([0, 1, 2, 5, 6], "Ada"), *daily([10], "Bob", times=4), *daily([11], "Ada")]
    found = STREAKS.of(history(rows))
    assert (found.longest.days, found.silence.days, found.at_end.days) == (3, 3, 2)
    assert found.silence.first_day == found.longest.first_day + 7
    assert (found.busiest.artist, found.busiest.plays, found.busiest.weight) == ("Bob", 4, 4 * 180_000)
    assert (found.active_days, found.days) == (7, 12)


def test_a_streak_counts_days_of_the_persons_own_clock() -> None:
    # 23:30 and 00:30 UTC are one evening in Bogota, and two days in UTC.
    rows = [play(0, hour=23.5), play(0, hour=24.5)]
    assert STREAKS.of(history(rows)).longest.days == 2
    assert STREAKS.of(history(rows, "America/Bogota")).longest.days == 1


def test_the_recap_sums_up_to_the_whole(life: Listens) -> None:
    found = History(life, "Europe/Berlin")
    years = RECAP.of(found).years
    assert [y.year for y in years] == [2023, 2024]
    assert sum(y.weight for y in years) == found.total
    assert sum(y.plays for y in years) == len(found.heard)
    assert all(sum(y.months) == y.weight and y.whole for y in years)
    assert years[1].change is not None
    assert abs((1 + years[1].change) * years[0].weight - years[1].weight) < 1


def test_half_a_year_is_compared_with_nothing() -> None:
    found = RECAP.of(history([*daily(range(40), "Ada"), *daily(range(400, 440), "Ada")]))
    assert [y.change for y in found.years] == [None, None]


def test_a_year_names_its_tops_and_its_new_artist() -> None:
    rows = [
        *daily(range(0, 330), "Ada"),
        *daily(range(365, 400), "Bob", times=3),
        *daily(range(365, 380), "Ada", hour=20),
    ]
    year = RECAP.of(history(rows)).years[1]
    assert [t.name for t in year.top_artists] == ["Bob", "Ada"]
    assert (year.find, year.new_artists, year.streak.days) == ("Bob", 1, 35)
