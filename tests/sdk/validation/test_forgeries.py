"""Each check can fail: forgeries of one sort lower the score by the check meant for them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from benchmarks.validation_parts.habits import HABITS
from tests.sdk.validation.helpers import KEY, MUSIC, changed, submit
from unwrapped_dao import samples
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.kinds.music.checks import run_checks
from unwrapped_dao.kinds.music.checks.playback import uuid_version
from unwrapped_dao.kinds.protocols import PPM
from unwrapped_dao.samples.catalogue import service_id
from unwrapped_dao.validation import FingerprintIndex
from unwrapped_dao.validation.score import DEFAULT


@pytest.fixture(scope="module")
def genuine() -> Listens:
    with samples.exports(1, seed=31, min_plays=3_000, max_plays=3_000, format="extended-zip") as made:
        return MUSIC.read(made[0]).records


def penalties(records: Listens) -> dict[str, int]:
    return {result.check: result.penalty_ppm for result in run_checks(records)}


def random_id(random: Random) -> str:
    return "".join(random.choices("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=22))


def test_genuine_looking_history_has_no_penalty(genuine: Listens) -> None:
    assert {name: ppm for name, ppm in penalties(genuine).items() if ppm} == {}


HOUR = 3_600_000
FORGERIES: dict[str, Callable[[Random], dict[str, Any]]] = {
    "track-ids": lambda r: {"track_id": lambda _: random_id(r)},
    "hour-entropy": lambda r: {"start_ms": lambda row: row["start_ms"] // (24 * HOUR) * 24 * HOUR + r.randrange(HOUR)},
    "quiet-hours": lambda r: {
        "start_ms": lambda row: row["start_ms"] // (24 * HOUR) * 24 * HOUR + r.randrange(24 * HOUR)
    },
    "contiguity": lambda r: {"start_ms": lambda row: row["start_ms"] + r.randrange(-4 * HOUR, 4 * HOUR)},
    "modal-length": lambda r: {"played_ms": lambda _: r.randrange(30_000, 300_000)},
    "completed-length": lambda r: {"played_ms": lambda _: r.randrange(30_000, 300_000)},
    "distinct-lengths": lambda r: {"played_ms": lambda _: r.randrange(30_000, 3_000_000)},
    "told-lengths": lambda r: {"played_ms": lambda _: -1},
    "whole-seconds": lambda r: {"played_ms": lambda row: row["played_ms"] // 1000 * 1000},
    "repeats": lambda r: {"track": lambda row: f"{row['track']} {row['start_ms']}"},
    "top-artist": lambda r: {"artist": lambda row: "One Artist"},
    "reason-chain": lambda r: {
        "reason_start": lambda _: r.choice(["trackdone", "fwdbtn", "appload", "backbtn", "remote"])
    },
    "crowded-hours": lambda r: {"played_ms": lambda row: row["played_ms"] * 3},
    "short-plays": lambda r: {"played_ms": lambda _: r.randrange(1, 20_000)},
    "usual-day": lambda r: {"played_ms": lambda row: row["played_ms"] * 20},
    "busiest-day": lambda r: {"played_ms": lambda row: row["played_ms"] * 8},
    "lonely-plays": lambda r: {"start_ms": lambda row: row["start_ms"] + r.randrange(-9, 9) * 40 * HOUR},
    "orphan-starts": lambda r: {"start_ms": lambda row: row["start_ms"] + r.randrange(-9, 9) * 40 * HOUR},
    "twin-lengths": lambda r: {"played_ms": lambda row: row["played_ms"] // 20_000 * 20_000 + 777},
    "overlapping-plays": lambda r: {"played_ms": lambda row: row["played_ms"] * 2},
    "two-clocks": lambda r: {"clock_s": lambda row: row["start_ms"] // 1000 + r.randrange(0, 100_000)},
}


@pytest.mark.parametrize("check", FORGERIES)
def test_each_check_notices_its_forgery(genuine: Listens, check: str) -> None:
    forged = changed(genuine, **FORGERIES[check](Random(check)))
    assert penalties(forged)[check] > 50_000
    reason = next(result.reason for result in run_checks(forged) if result.check == check)
    assert reason


def test_every_check_is_covered(genuine: Listens) -> None:
    assert set(penalties(genuine)) == set(FORGERIES)


def test_no_single_rate_refuses(genuine: Listens) -> None:
    with FingerprintIndex(":memory:", KEY) as index:
        for check in ("whole-seconds", "reason-chain", "top-artist", "two-clocks"):
            forged = changed(genuine, **FORGERIES[check](Random(check)))
            assert not submit(index, forged, 1, remember=False).report.refused, check


def test_no_rate_can_refuse_alone_but_ids_that_cannot_be(genuine: Listens) -> None:
    authenticity = {result.check for result in run_checks(genuine) if result.axis == "authenticity"}
    for check in authenticity - {"track-ids"}:
        forged = changed(genuine, **FORGERIES[check](Random(check)))
        assert 50_000 < penalties(forged)[check] < PPM - DEFAULT.authenticity, check


@pytest.mark.parametrize("clocks", [False, True], ids=["clocks-left", "clocks-moved"])
def test_padding_with_own_plays_is_refused_and_a_little_does_not_pay(genuine: Listens, clocks: bool) -> None:
    rows = list(genuine.rows())
    weights = []
    with FingerprintIndex(":memory:", KEY) as index:
        for percent in (0, 10, 50, 100):
            random = Random(percent)
            padding = []
            for row in random.choices(rows, k=len(rows) * percent // 100):
                start = random.randrange(rows[0][0], rows[-1][0])
                clock = row[12] + (start - row[0]) // 1_000 if row[12] and clocks else row[12]
                padding.append((start, *row[1:12], clock, row[13]))
            weights.append(submit(index, Listens.of_rows([*rows, *padding]), 1, remember=False).report.weight)
    assert weights[1] < weights[0] // 2 and weights[2:] == [0, 0]


def test_rows_at_random_are_refused() -> None:
    random = Random(3)
    rows = [
        (1_600_000_000_000 + random.randrange(3 * 365 * 24 * HOUR), random.randrange(1_000, 300_000),
         f"Artist {random.randrange(5_000)}", f"Title {random.randrange(90_000)}", "", random_id(random), "music",
         random.choice(["clickrow", "trackdone"]),
         random.choice(["fwdbtn", "trackdone"]), 0, 0, 0, 0, "spotify-extended")
        for _ in range(5_000)
    ]  # fmt: skip
    with FingerprintIndex(":memory:", KEY) as index:
        report = submit(index, Listens.of_rows(rows), 1).report
    assert report.refused and "refused: it does not look like a genuine export" in report.reasons


def test_few_plays_are_judged_mildly(genuine: Listens) -> None:
    few = Listens.of_rows(list(genuine.rows())[:20])
    assert sum(penalties(few).values()) < 100_000


def test_id_versions() -> None:
    random = Random(1)
    assert {uuid_version(service_id(random)) for _ in range(500)} == {4}
    assert {uuid_version(service_id(random, 5)) for _ in range(50)} == {5}
    assert sum(uuid_version(random_id(random)) == 4 for _ in range(20_000)) / 20_000 == pytest.approx(0.002, abs=0.0012)
    assert uuid_version("") == uuid_version("é" * 22) == uuid_version("0" * 21) == 0
    # A real, public one.
    assert uuid_version("4uLU6hMCjMI75M1A2tKUQC") == 4


def test_checks_of_nothing_say_so() -> None:
    (only,) = run_checks(Listens.of_rows([]))
    assert only.penalty_ppm == 1_000_000 and only.reason


@pytest.mark.parametrize("name", HABITS)
def test_nobody_is_refused_for_an_unusual_life(genuine: Listens, name: str) -> None:
    records = Listens.of_rows(HABITS[name](list(genuine.rows()), Random(name)))
    left = PPM
    for result in run_checks(records):
        if result.axis == "authenticity":
            left = left * (PPM - result.penalty_ppm) // PPM
    assert left >= DEFAULT.authenticity


def test_two_people_who_hear_the_same_albums_in_their_order_are_two_people(genuine: Listens) -> None:
    """Songs that are heard out last equally long for everybody, and an album has one order."""
    fans = [Listens.of_rows(HABITS["albums that others hear, too"](list(genuine.rows()), Random(n))) for n in (1, 2)]
    with FingerprintIndex(":memory:", KEY) as index:
        reports = [submit(index, fan, member).report for member, fan in enumerate(fans, 1)]
    assert [report.reasons for report in reports if report.refused] == []


def test_a_copy_that_is_told_backwards_is_a_copy(genuine: Listens) -> None:
    rows = list(genuine.rows())
    backwards = [(rows[0][0] + rows[-1][0] - row[0], *row[1:]) for row in rows]
    with FingerprintIndex(":memory:", KEY) as index:
        submit(index, genuine, 1)
        report = submit(index, Listens.of_rows(backwards), 2).report
    assert report.refused and "in common with another" in report.reasons[0]


def test_a_handful_of_plays_brings_hardly_anything(genuine: Listens) -> None:
    """Else many accounts of five plays each would earn more than one of years."""
    few = Listens.of_rows([row for row in genuine.rows() if row[1] > 60_000][:5])
    assert 0 < MUSIC.worth(few, {}) * 50 < MUSIC.worth(genuine, {})


def test_a_history_without_anything_to_compare_is_not_said_to_be_contributed_before(genuine: Listens) -> None:
    skipped = Listens.of_rows([(row[0], min(row[1], 900), *row[2:]) for row in genuine.rows()])
    with FingerprintIndex(":memory:", KEY) as index:
        reasons = submit(index, skipped, 1).report.reasons
    assert any("nothing to compare" in reason for reason in reasons) and not any("before" in r for r in reasons)


def test_podcasts_neither_harm_a_history_nor_help_it(genuine: Listens) -> None:
    """They are heard in pieces, once, alone: judged as songs they would make a forger of their listener."""
    rows = list(genuine.rows())
    spoken = [row for row in HABITS["podcasts mostly"](rows, Random(1)) if row[6] == "podcast"]
    both = Listens.of_rows([*rows, *spoken])
    assert {name: ppm for name, ppm in penalties(both).items() if ppm} == {}
    assert MUSIC.worth(both, {}) == MUSIC.worth(genuine, {})
    (only,) = run_checks(Listens.of_rows(spoken))
    assert (only.axis, only.penalty_ppm) == ("quality", PPM)
