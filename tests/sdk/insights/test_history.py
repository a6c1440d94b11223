"""What is looked at, and what is left out and said."""

from __future__ import annotations

import pytest

from tests.sdk.insights.builders import START, history, play
from unwrapped_dao.errors import InputError
from unwrapped_dao.kinds.music.insights import INSIGHTS, History, Insight, NotInFile
from unwrapped_dao.kinds.music.insights.clock import CLOCK
from unwrapped_dao.kinds.music.insights.discovery import DISCOVERY
from unwrapped_dao.kinds.music.insights.findings import find
from unwrapped_dao.kinds.music.insights.tops import TOPS
from unwrapped_dao.kinds.music.listens import Listens


@pytest.mark.parametrize("rows", [[], [play(0, kind="podcast"), play(1, kind="audiobook")], [play(0, private=1)]])
def test_a_history_without_music_is_refused(rows: list) -> None:  # type: ignore[type-arg]
    with pytest.raises(InputError):
        History(Listens.of_rows(rows))


def test_a_file_without_music_is_told_what_it_holds_instead() -> None:
    with pytest.raises(InputError, match="only 20 podcast episodes") as podcasts:
        history(play(day, kind="podcast") for day in range(20))
    assert "export-help" in (podcasts.value.hint or "")
    with pytest.raises(InputError, match="3 plays in a private session") as hidden:
        history(play(day, private=1) for day in range(3))
    assert "--private" in (hidden.value.hint or "")


def test_podcasts_audiobooks_and_private_plays_are_left_out_and_counted() -> None:
    rows = [play(0), play(1, kind="podcast"), play(2, kind="podcast"), play(3, kind="audiobook"), play(4, private=1)]
    found = history(rows)
    assert len(found.all) == 1
    assert dict(found.left_out) == {"podcast episodes": 2, "audiobook chapters": 1, "plays in a private session": 1}
    assert len(history(rows, include_private=True).all) == 2


def test_time_counts_always_but_a_play_only_from_thirty_seconds() -> None:
    found = history([play(0, ms=29_999), play(1, ms=30_000)])
    assert (len(found.all), len(found.heard), found.total) == (2, 1, 59_999)


@pytest.mark.parametrize("name", ["Unknown", "Various Artists", "unknown artist"])
def test_no_single_artist_counts_as_time_but_never_as_an_artist(name: str) -> None:
    found = find(history([play(day, name, "Compiled") for day in range(9)] + [play(9, "Ada")]))
    assert found.history.total == 10 * 180_000
    assert [t.name for t in found.tops.artists] == ["Ada"]
    assert found.diversity.artists == 1


def test_scrobbles_are_counted_in_plays_and_say_so() -> None:
    found = history([play(day, ms=-1, source="lastfm") for day in range(5)])
    assert not found.timed
    assert (found.total, len(found.heard)) == (5, 5)


def test_a_few_unknown_lengths_count_as_three_minutes_and_are_said() -> None:
    found = history([play(0, ms=-1), *(play(day) for day in range(1, 6))])
    assert found.timed
    assert (found.nominal, found.total, len(found.heard)) == (1, 6 * 180_000, 6)


def test_with_many_unknown_lengths_plays_are_what_is_counted_and_short_plays_still_do_not_count() -> None:
    rows = [play(0, ms=-1, source="lastfm"), play(1, ms=5_000), play(2)]
    found = history(rows)
    assert not found.timed
    assert (found.total, len(found.all), len(found.heard)) == (2, 3, 2)


def test_days_without_hours_give_no_clock_and_no_sessions() -> None:
    found = find(History(Listens.of_rows([play(day, hour=0) for day in range(40)]), "America/Bogota"))
    assert isinstance(found.clock, NotInFile)
    assert isinstance(found.sessions, NotInFile)
    assert found.habits.whole.late is None
    # The days stay the file's own: Bogota would move each of them to the day before.
    assert found.history.first_day == int(START.timestamp()) // 86_400


def test_plays_without_an_hour_are_in_no_hour_when_others_have_one() -> None:
    rows = [play(day, hour=0, source="apple-music-daily") for day in range(10)]
    rows += [play(day, hour=9, source="apple-music-activity") for day in range(10, 30)]
    found = find(history(rows, "Europe/Berlin"))
    assert not isinstance(found.clock, NotInFile)
    assert not isinstance(found.sessions, NotInFile)
    assert found.clock.by_hour[10] == found.clock.total == 20 * 180_000
    assert found.sessions.sessions == 20
    assert found.history.total == 30 * 180_000
    assert found.habits.whole.late == 0


def test_account_data_says_what_is_not_in_the_file(account: Listens) -> None:
    found = find(History(account))
    assert isinstance(found.skips.answers, NotInFile)
    assert isinstance(found.intent, NotInFile)
    assert isinstance(found.tops.albums, NotInFile)
    assert isinstance(found.skips.short_share, float)


def test_every_insight_keeps_the_protocol_and_computes_alone(life: Listens) -> None:
    names = [insight.name for insight in INSIGHTS]
    assert len(set(names)) == len(names) >= 16
    for insight in INSIGHTS:
        assert isinstance(insight, Insight)
    shared = History(life, "Europe/Berlin")
    for insight in (CLOCK, TOPS, DISCOVERY):
        assert insight.compute(life, "Europe/Berlin") == insight.of(shared)


def test_values_are_frozen(life: Listens) -> None:
    clock = CLOCK.compute(life)
    with pytest.raises(AttributeError):
        clock.quiet = 3  # type: ignore[union-attr, misc]
