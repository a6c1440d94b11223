"""Wall clocks: given, guessed, and through the changes of summer time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sdk.insights.builders import HOUR, history, play
from tests.sdk.insights.lifelike import lifelike
from unwrapped_dao.errors import SettingsError
from unwrapped_dao.kinds.music.insights import History
from unwrapped_dao.kinds.music.insights.zones import given_zone, guess_zone, local_ms

# Half hours, half-hour summer time, a skipped day, a change at midnight, none at all.
ZONES = (
    "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Beirut", "America/St_Johns",
    "Africa/Casablanca", "UTC",
)  # fmt: skip
YEAR_2000, YEAR_2037 = 946_684_800_000, 2_114_380_800_000


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../../etc/passwd", "Europe/Berlin\x00"])
def test_a_zone_that_does_not_exist_is_refused_with_a_hint(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        given_zone(name)
    assert "Europe/Berlin" in refused.value.hint


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), st.lists(st.integers(YEAR_2000, YEAR_2037), min_size=1, max_size=60))
def test_local_times_are_those_of_the_zone_at_every_moment(name: str, times: list[int]) -> None:
    zone = ZoneInfo(name)
    times = sorted(times)
    for utc, local in zip(times, local_ms(times, zone), strict=True):
        offset = dt.datetime.fromtimestamp(utc // 1000, zone).utcoffset()
        assert offset is not None
        assert local - utc == offset.total_seconds() * 1000


@pytest.mark.parametrize("name", ZONES)
def test_every_second_around_a_change_of_clocks_is_right(name: str) -> None:
    zone = ZoneInfo(name)
    hours = [dt.datetime(2021, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=h) for h in range(24 * 366)]
    changes = [
        h for h in hours if h.astimezone(zone).utcoffset() != (h + dt.timedelta(hours=1)).astimezone(zone).utcoffset()
    ]
    times = sorted({int(c.timestamp() + s) * 1000 for c in changes for s in range(0, 3_601, 59)} or {YEAR_2000})
    expected = []
    for ms in times:
        offset = dt.datetime.fromtimestamp(ms // 1000, zone).utcoffset()
        assert offset is not None
        expected.append(ms + int(offset.total_seconds()) * 1000)
    assert local_ms(times, zone) == expected


def test_the_hour_of_a_play_follows_summer_time() -> None:
    rows = [play(0, hour=12), play(180, hour=12)]  # January and July
    assert list(history(rows, "Europe/Berlin").all.hour) == [13, 14]


@pytest.mark.parametrize("seed", ["anna", "ben", "chris"])
@pytest.mark.parametrize("account", [True, False])
def test_the_guess_finds_berlin_to_within_two_hours_and_says_that_it_is_one(seed: str, account: bool) -> None:
    listens = lifelike(seed, first=dt.date(2024, 1, 1), account=account)
    zone = History(listens).zone
    offset = zone.tz.utcoffset(None)
    assert offset is not None
    assert -1 <= offset.total_seconds() / 3600 <= 3
    assert zone.guessed
    assert "guess" in zone.sentence


@pytest.mark.parametrize("shift", [-10, -5, 0, 6, 11])
def test_the_guess_moves_with_the_plays(shift: int) -> None:
    starts = list(lifelike("anna", first=dt.date(2024, 1, 1)).integers("start_ms"))
    here = guess_zone(starts).tz.utcoffset(None)
    there = guess_zone([ms - shift * HOUR for ms in starts]).tz.utcoffset(None)
    assert here is not None and there is not None
    assert (there - here).total_seconds() / 3600 % 24 == shift % 24


def test_too_little_or_too_even_a_history_is_left_on_utc_and_says_so() -> None:
    short = guess_zone([play(0)[0]])
    even = guess_zone([play(day, hour=hour)[0] for day in range(20) for hour in range(24)])
    for zone in (short, even):
        assert zone.tz is dt.UTC
        assert zone.guessed
        assert "UTC" in zone.sentence


def test_a_given_zone_is_said_to_be_given() -> None:
    zone = given_zone("America/Bogota")
    assert not zone.guessed
    assert "America/Bogota" in zone.sentence
