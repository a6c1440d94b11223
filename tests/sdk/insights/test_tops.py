"""Tops of any window, by days and by the page's steps, against plain counting."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sdk.insights.builders import history, play
from unwrapped_dao.kinds.music.insights import History, NotInFile, compare, tops, write_comparison
from unwrapped_dao.kinds.music.insights.windows import WINDOWS
from unwrapped_dao.kinds.music.listens import Listens


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 730), st.integers(0, 730))
def test_tops_of_a_window_are_those_of_plain_counting(life: Listens, a: int, b: int) -> None:
    found = History(life, "Europe/Berlin")
    first, last = found.first_day + min(a, b), found.first_day + max(a, b)
    sums: Counter[str] = Counter()
    for day, artist, weight in zip(found.all.day, found.all.artist, found.all.weight, strict=True):
        if first <= day <= last:
            sums[found.artists[artist]] += weight
    expected = sorted(((-weight, name) for name, weight in sums.items() if weight))[:10]
    assert [(-t.value, t.name) for t in tops(found, first, last).artists] == expected


def test_the_page_can_add_up_the_true_ten_of_every_window(life: Listens) -> None:
    found = History(life, "Europe/Berlin")
    windows = WINDOWS.of(found)
    assert sum(windows.totals) == found.total
    tables = [
        {
            found.artists[a]: w
            for m in range(s, s + windows.step_months)
            for a, w in found.month_artists.get(m, {}).items()
        }
        for s in windows.steps
    ]
    assert windows.step_months == 1
    for i in range(len(tables)):
        for j in range(i, len(tables)):
            true: Counter[str] = Counter()
            for table in tables[i : j + 1]:
                true.update(table)
            expected = sorted((-w, name) for name, w in true.items() if w)[:10]
            shown = sorted((-sum(a.weights[i : j + 1]), a.artist) for a in windows.artists if sum(a.weights[i : j + 1]))
            assert shown[:10] == expected


@pytest.mark.parametrize("years", [1, 4, 12, 40])
def test_steps_grow_with_the_history_and_stay_few(years: int) -> None:
    windows = WINDOWS.of(history([play(day, f"Artist {day % 13}") for day in range(0, years * 365, 9)]))
    assert len(windows.steps) <= 41
    assert list(windows.artists) == sorted(windows.artists, key=lambda a: a.artist)


def test_albums_are_ranked_where_the_file_names_them() -> None:
    named = tops(history([play(0, album="First"), play(1, album="First"), play(2, album="Second")]), 0, 10**6).albums
    assert not isinstance(named, NotInFile)
    assert [t.name for t in named] == ["First", "Second"]
    assert isinstance(tops(history([play(0)]), 0, 10**6).albums, NotInFile)


def test_comparison_with_oneself_shares_everything(life: Listens) -> None:
    found = History(life, "Europe/Berlin")
    same = compare(found, found)
    assert abs(same.taste - 1) < 1e-9
    assert isinstance(same.hours, float)
    assert abs(same.hours - 1) < 1e-9
    assert not same.a_lends
    assert same.a.shared_listening > 0.999


def test_comparison_finds_what_is_shared_whatever_the_case_and_what_could_be_lent() -> None:
    a = history([play(0, "Björk", "Jóga"), play(1, "Ada", "One"), play(2, "Ada", "One")])
    b = history([play(0, "BJÖRK", "jóga", hour=13), play(1, "Bob", "Two", hour=13)])
    found = compare(a, b, "Anna", "Ben")
    assert (found.shared_artists, found.shared_tracks) == (1, 1)
    assert found.artists[0].artist.casefold() == "björk"
    assert abs(found.taste - 1 / 3) < 1e-9
    assert [x.artist for x in found.a_lends] == ["Ada"]
    assert [x.artist for x in found.b_lends] == ["Bob"]
    mirrored = compare(b, a, "Ben", "Anna")
    assert (mirrored.taste, mirrored.shared_artists) == (found.taste, 1)
    assert mirrored.a_lends == found.b_lends


def test_two_who_never_listen_in_the_same_hours_are_told_so_and_not_when_to_meet(tmp_path: Path) -> None:
    night, noon = ([play(day, hour=hour) for day in range(20)] for hour in (2, 12))
    page = write_comparison(Listens.of_rows(night), Listens.of_rows(noon), tmp_path, timezone_a="UTC", timezone_b="UTC")
    text = page.read_text()
    assert "You are never there together" in text and "Put something on together" not in text
    assert text.count("Hours are those of UTC, as you asked.") == 2
