"""How numbers and names are written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unwrapped_dao.kinds.music.insights import words
from unwrapped_dao.kinds.music.insights.measures import effective_number, gini, median, overlap, top_share

WEIGHTS = st.dictionaries(st.integers(0, 9), st.integers(0, 10**12))


@given(st.text())
def test_a_clean_name_obeys_nobody_and_is_short(text: str) -> None:
    shown = words.clean(text)
    assert 1 <= len(shown) <= words.LONGEST_NAME
    for c in shown:
        assert unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp")
        assert c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
    shown.encode()


@pytest.mark.parametrize("name", ["日本語", "مرحبا", "👩‍👩‍👧", "Sigur Rós", "नमस्ते", "می‌خواهم", "AC/DC & <friends>"])
def test_real_names_of_every_script_stay_as_they_are(name: str) -> None:
    assert words.clean(name) == name


def test_towers_of_marks_are_cut_and_long_names_end_in_an_ellipsis() -> None:
    assert len(words.clean("a" + "\u0301" * 50)) == 5
    assert words.clean("x" * 1000).endswith("…")
    assert words.clean("\x1b[31mred\x07\nline") == "[31mred line"
    assert words.clean("\u202e\x00") == "(no name)"


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(0, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (3_569_999, "59 min"), (3_600_000, "1 h"),
     (7_500_000, "2 h 05 min"), (36_000_000, "10 h"), (3_600_000_000, "1,000 h")],
)  # fmt: skip
def test_durations(ms: int, shown: str) -> None:
    assert words.duration(ms) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0%"), (0.0001, "under 0.1%"), (0.004, "0.4%"), (0.5, "50%"), (0.9999, "over 99%"), (1, "100%")],
)
def test_percentages_never_round_something_to_nothing_or_all(share: float, shown: str) -> None:
    assert words.percent(share) == shown


def test_days_months_and_spans() -> None:
    assert words.date(0) == "1 January 1970"
    assert words.month(words.month_of(19_000)) == "January 2022"
    assert words.span(2_860) == "7 years 10 months"
    assert words.span(1) == "1 day"


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=40))
def test_effective_number_lies_between_one_and_all(weights: list[int]) -> None:
    assert 1 - 1e-9 <= effective_number(weights) <= len(weights) * (1 + 1e-9)
    assert -1e-9 <= gini(weights) < 1
    assert min(weights) <= median(weights) <= max(weights)
    assert abs(top_share(weights, len(weights)) - 1) < 1e-9


def test_effective_number_of_equals_is_their_number() -> None:
    assert abs(effective_number([7] * 12) - 12) < 1e-9
    assert effective_number([5, 0, 0]) == 1
    assert effective_number([]) == 0


@given(WEIGHTS, WEIGHTS)
def test_overlap_is_symmetric_and_one_only_of_equals(a: dict[int, int], b: dict[int, int]) -> None:
    assert 0 <= overlap(a, b) <= 1 + 1e-9
    assert abs(overlap(a, b) - overlap(b, a)) < 1e-12
    if sum(a.values()):
        assert abs(overlap(a, a) - 1) < 1e-9
        assert overlap(a, {key + 100: weight for key, weight in a.items()}) == 0


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (0, "no new artist at all"),
        (0.0312, "one new artist in every 3,200 plays"),
        (0.4, "one new artist in every 250 plays"),
        (0.97, "one new artist in every hundred plays"),
        (1.04, "one new artist in every hundred plays"),
        (1.06, "1.1 new artists in every hundred plays"),
        (12.34, "12.3 new artists in every hundred plays"),
    ],
)
def test_a_pace_is_never_told_as_nought_point_nought(rate: float, shown: str) -> None:
    assert words.pace(rate) == shown
