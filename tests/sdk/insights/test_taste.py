"""Phases, obsessions, discovery, forgotten favourites, diversity, loyalty: what."""

from __future__ import annotations

import math

from tests.sdk.insights.builders import daily, history, play
from unwrapped_dao.kinds.music.insights import History, NotInFile
from unwrapped_dao.kinds.music.insights.discovery import DISCOVERY
from unwrapped_dao.kinds.music.insights.diversity import DIVERSITY
from unwrapped_dao.kinds.music.insights.forgotten import FORGOTTEN, ForgottenFavourites
from unwrapped_dao.kinds.music.insights.loyalty import LOYALTY
from unwrapped_dao.kinds.music.insights.obsessions import OBSESSIONS, fullest
from unwrapped_dao.kinds.music.insights.phases import PHASES
from unwrapped_dao.kinds.music.listens import Listens

YEAR = 365


def test_a_planted_phase_is_found_with_its_months_and_an_eternal_favourite_is_none() -> None:
    rows = [*daily(range(2 * YEAR), "Always", times=2), *daily(range(119, 180), "Summer", times=4, hour=18)]
    found = PHASES.of(history(rows))
    assert [p.artist for p in found.phases] == ["Summer"]
    phase = found.phases[0]
    assert (phase.first_month, phase.last_month) == (2022 * 12 + 4, 2022 * 12 + 5)
    assert 0.6 < phase.share < 0.7
    assert found.strongest == phase


def test_bands_and_rest_add_up_to_everything(life: Listens) -> None:
    found = History(life)
    phases = PHASES.of(found)
    assert len(phases.bands) >= 8
    total = sum(phases.rest) + sum(sum(band.weights) for band in phases.bands)
    assert total == sum(found.artist_weight.values())
    assert min(phases.rest) >= 0


def test_the_fullest_week_is_the_earliest_of_the_fullest() -> None:
    assert fullest([0, 6, 7, 20, 21, 22]) == (3, 3)
    assert fullest([0, 1, 6, 20, 21, 22]) == (3, 0)
    assert fullest([0, 7, 14]) == (1, 0)


def test_an_obsession_tells_before_and_after() -> None:
    rows = [*daily([0, 1], "Ada", "Hit"), *daily(range(30, 37), "Ada", "Hit", times=5), *daily([90], "Ada", "Hit")]
    (one,) = OBSESSIONS.of(history([*rows, *daily(range(90), "Bob", "Other", hour=20)])).tracks[:1]
    assert (one.track, one.plays, one.before, one.after, one.burnt_out) == ("Hit", 35, 2, 1, True)


def test_discovery_counts_what_is_new_and_leaves_the_warm_up_out_of_rates() -> None:
    rows = daily(range(YEAR), "Ada")
    rows += [play(200 + i, f"New {i}", hour=20) for i in range(10)]
    found = DISCOVERY.of(history(rows))
    assert found.artists == 11
    assert sum(m.artists for m in found.months) == 11
    assert found.months[0].artists == 1
    assert found.settled_month == 2022 * 12 + 4
    after = sum(m.plays for m in found.months if m.month >= found.settled_month)
    assert found.rate is not None
    assert math.isclose(found.rate, 100 * 10 / after)


def test_a_month_is_fresh_by_the_plays_of_artists_met_within_thirty_days() -> None:
    rows = [*daily(range(YEAR), "Ada"), *daily(range(181, 271), "Bob", hour=20)]  # from 3 July, for 90 days
    fresh = {m.month: m.fresh_share for m in DISCOVERY.of(history(rows)).months}
    assert fresh[2022 * 12 + 5] == 0
    assert math.isclose(fresh[2022 * 12 + 6], 29 / (31 + 29))
    assert fresh[2022 * 12 + 8] == 0


def test_the_best_find_of_a_year_is_the_new_artist_heard_most_since() -> None:
    rows = [
        *daily(range(700), "Old"),
        *daily(range(200, 210), "Small", hour=20),
        *daily(range(210, 600), "Big", hour=21),
    ]
    found = DISCOVERY.of(history(rows))
    assert [(f.year, f.artist) for f in found.finds] == [(2022, "Big")]


def test_a_short_file_has_no_rate() -> None:
    assert DISCOVERY.of(history(daily(range(100), "Ada"))).rate is None


def test_a_forgotten_favourite_is_one_that_is_silent_at_the_end() -> None:
    rows = [
        *daily(range(0, 60), "Gone", "Loved"), *daily(range(0, 3 * YEAR, 3), "Stays", "Loved", hour=20),
        *daily(range(10), "Gone", "Second", hour=21), *daily(range(10), "Gone", "Third", hour=22),
    ]  # fmt: skip
    found = FORGOTTEN.of(history(rows))
    assert isinstance(found, ForgottenFavourites)
    # Two tracks of an artist at most.
    assert [(f.artist, f.track, f.plays) for f in found.tracks] == [("Gone", "Loved", 60), ("Gone", "Second", 10)]
    assert [f.artist for f in found.artists] == ["Gone"]
    assert sum(found.tracks[0].spark) == 60
    assert found.tracks[0].last_day <= found.last_day - found.silence_days


def test_nothing_is_forgotten_in_a_month() -> None:
    assert isinstance(FORGOTTEN.of(history(daily(range(30), "Ada"))), NotInFile)


def test_diversity_of_equal_artists_is_their_number() -> None:
    rows = [play(day, f"Artist {day % 4}") for day in range(800)]
    found = DIVERSITY.of(history(rows))
    assert math.isclose(found.effective, 4, rel_tol=1e-6)
    assert math.isclose(found.top_share, 1)
    assert found.gini < 0.01


def test_the_biggest_turn_is_between_the_years_with_least_in_common() -> None:
    rows = [play(day, "Ada" if day < 2 * YEAR else "Bob") for day in range(4 * YEAR)]
    found = DIVERSITY.of(history(rows))
    assert [p.label for p in found.periods] == ["2022", "2023", "2024", "2025"]
    turn = found.biggest_turn
    assert turn is not None
    assert (turn[0].label, turn[1].label) == ("2023", "2024")
    assert turn[2] < 0.05
    assert found.drift[0][1] > 0.95
    assert all(found.drift[i][j] == found.drift[j][i] for i in range(4) for j in range(4))


def test_loyalty_tells_who_stayed() -> None:
    rows = daily(range(3 * YEAR), "Home")
    for i in range(12):  # met in the second year, half of them for good
        days = range(400 + i, 405 + i) if i % 2 else range(400 + i, 3 * YEAR, 20)
        rows += daily([*range(400 + i, 404 + i), *days], f"Met {i}", hour=12 + i / 4)
    found = LOYALTY.of(history(rows))
    staying = {s.months_later: s for s in found.staying}
    assert staying[12].met == 12
    assert staying[12].share == 0.5
    assert found.companions[0].artist == "Home"
    assert found.companions[0].months_heard == found.companions[0].months_known


def test_loyalty_counts_top_artists_that_are_kept() -> None:
    first = [play(day, f"A{day % 12}") for day in range(360)]
    second = [play(day, f"A{day % 12}" if day % 12 < 5 else f"B{day % 12}") for day in range(365, 725)]
    ((year, kept),) = LOYALTY.of(history(first + second)).kept
    assert year == 2023
    assert kept == 5
