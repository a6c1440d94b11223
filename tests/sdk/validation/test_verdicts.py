"""What validators decide: genuine histories pass, copies do not, weight grows with what is new."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from random import Random

import pytest

from benchmarks.validation_parts.forgeries import sittings_shuffled
from tests.sdk.validation.helpers import KEY, MAX_WEIGHT, MUSIC, SCOPE, address, changed, submit
from unwrapped_dao import samples
from unwrapped_dao.errors import UntrustedDataError
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.kinds.music.listens import Row
from unwrapped_dao.kinds.music.traces import traces
from unwrapped_dao.kinds.protocols import PPM, SHAPE_BUCKET
from unwrapped_dao.validation import FingerprintIndex, FingerprintKey, fingerprint


@pytest.fixture(scope="module")
def histories() -> list[Listens]:
    with samples.exports(6, seed=21, min_plays=1_500, max_plays=2_500) as made:
        return [MUSIC.read(export).records for export in made]


@pytest.fixture
def index() -> Iterator[FingerprintIndex]:
    with FingerprintIndex(":memory:", KEY) as opened:
        yield opened


def slice_of(records: Listens, share: float) -> Listens:
    rows = list(records.rows())
    return Listens.of_rows(rows[: int(len(rows) * share)])


def test_histories_of_different_people_all_pass(histories: list[Listens], index: FingerprintIndex) -> None:
    for member, records in enumerate(histories):
        outcome = submit(index, records, member)
        assert not outcome.report.refused, outcome.report.reasons
        assert 1 <= outcome.report.weight <= MAX_WEIGHT
        assert outcome.report.authenticity > 800_000 and outcome.report.uniqueness > 990_000
    assert len(index) == len(histories)


def test_small_real_file_passes_with_a_small_weight(index: FingerprintIndex) -> None:
    report = submit(index, MUSIC.read(samples.third_party()).records, 9).report
    assert not report.refused and 1 <= report.weight < 100


def test_the_same_file_from_another_member_is_refused(histories: list[Listens], index: FingerprintIndex) -> None:
    first = submit(index, histories[1], 1)
    again = submit(index, histories[1], 2)
    assert again.report.refused and again.attestation is None and again.report.weight == 0
    assert again.report.reasons[0] == "refused: another member contributed this very history"
    assert again.fingerprint == first.fingerprint


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("share", [0.15, 0.5, 0.9])
def test_part_of_anothers_file_is_refused(
    histories: list[Listens], index: FingerprintIndex, which: int, share: float
) -> None:
    submit(index, histories[which], 1)
    assert submit(index, slice_of(histories[which], share), 2).report.refused


def test_anothers_file_hidden_among_ones_own_is_refused(histories: list[Listens], index: FingerprintIndex) -> None:
    submit(index, slice_of(histories[1], 0.3), 1)
    merged = Listens.of_rows([*histories[2].rows(), *slice_of(histories[1], 0.3).rows()])
    assert submit(index, merged, 2).report.refused


@pytest.mark.parametrize("hours", [0.01, 1, 37, 24 * 365])
def test_a_copy_shifted_in_time_is_refused(histories: list[Listens], index: FingerprintIndex, hours: float) -> None:
    submit(index, histories[1], 1)
    shifted = changed(histories[1], start_ms=lambda row: row["start_ms"] - int(hours * 3_600_000))
    report = submit(index, shifted, 2).report
    assert (report.refused and "shifted in time" in " ".join(report.reasons)) or "in common" in report.reasons[0]


def test_a_copy_whose_sittings_are_reordered_is_known_by_where_songs_were_cut(index: FingerprintIndex) -> None:
    with samples.exports(1, seed=8, min_plays=1_500, max_plays=1_500, format="extended-zip") as made:
        full = MUSIC.read(made[0]).records
    submit(index, full, 1)
    moved = Listens.of_rows(sittings_shuffled([], list(full.rows()), 1.0, Random(4)))
    report = submit(index, moved, 2).report
    assert report.refused and "in common" in report.reasons[0]


def test_a_title_heard_to_its_end_is_no_mark_of_one_person() -> None:
    """Every fan has it at that length, whatever the player says of its end; cut by hand it is where only one cut it."""
    heard = [play(n, 180_123, "logout") for n in range(3)]
    assert not [e for e in traces(Listens.of_rows(heard))[SHAPE_BUCKET] if e.startswith(b"cut")]
    cut = [play(n, 40_000 + n, "fwdbtn") for n in range(3)] + [play(9, 180_123, "trackdone"), play(10, 500, "fwdbtn")]
    assert len([e for e in traces(Listens.of_rows(cut))[SHAPE_BUCKET] if e.startswith(b"cut")]) == 3


def play(n: int, played: int, end: str) -> Row:
    start = 1_709_669_550_000 + n * 3_600_000
    return (start, played, "A", "T", "", "", "music", "clickrow", end, 0, 0, 0, 0, "spotify-extended")


def test_a_copy_with_a_third_of_rows_edited_is_refused(histories: list[Listens], index: FingerprintIndex) -> None:
    submit(index, histories[1], 1)
    edited = changed(histories[1], played_ms=lambda row: row["played_ms"] + (1_000 if row["start_ms"] % 3 == 0 else 0))
    assert submit(index, edited, 2).report.refused


def test_both_formats_of_one_history_are_known_as_one(index: FingerprintIndex) -> None:
    """Account data tells the stop minute only: what both formats agree on must be enough."""
    with samples.exports(1, seed=8, min_plays=1_500, max_plays=1_500, format="extended-zip") as made:
        full = MUSIC.read(made[0]).records
    coarse = changed(
        full,
        start_ms=lambda r: (r["start_ms"] + r["played_ms"]) // 60_000 * 60_000 - r["played_ms"],
        album=lambda r: "", track_id=lambda r: "", reason_start=lambda r: "", reason_end=lambda r: "",
        shuffle=lambda r: -1, skipped=lambda r: -1, clock_s=lambda r: 0, source=lambda r: "spotify-account",
    )  # fmt: skip
    submit(index, full, 1)
    assert submit(index, coarse, 2).report.refused


def test_contributing_the_same_again_is_worth_nothing(histories: list[Listens], index: FingerprintIndex) -> None:
    submit(index, histories[1], 1)
    again = submit(index, histories[1], 1, epoch=2)
    assert again.report.refused and "contributed all of it before" in " ".join(again.report.reasons)


def test_a_longer_history_is_worth_what_is_new(histories: list[Listens], index: FingerprintIndex) -> None:
    whole = submit(index, histories[1], 1, remember=False).report.weight
    first = submit(index, slice_of(histories[1], 0.5), 1).report.weight
    rest = submit(index, histories[1], 1, epoch=2).report
    assert not rest.refused
    assert 0 < rest.weight < whole
    assert 0 < first < whole
    assert 300_000 < rest.uniqueness < 700_000


def test_replacing_within_an_epoch_counts_in_full(histories: list[Listens], index: FingerprintIndex) -> None:
    submit(index, slice_of(histories[1], 0.5), 1)
    whole = submit(index, histories[1], 1, version=2)
    assert whole.report.uniqueness == 1_000_000
    assert len(index) == 1


def test_forgetting_frees_the_history(histories: list[Listens], index: FingerprintIndex) -> None:
    submit(index, histories[1], 1)
    assert index.forget(scope_id=SCOPE.scope_id, epoch=1, member=address(1))
    assert not index.forget(scope_id=SCOPE.scope_id, epoch=1, member=address(1))
    assert not submit(index, histories[1], 2).report.refused


def test_index_keeps_no_member_and_no_title(histories: list[Listens], tmp_path: object) -> None:
    path = f"{tmp_path}/index.sqlite"
    with FingerprintIndex(path, KEY) as opened:
        submit(opened, histories[1], 7)
    data = open(path, "rb").read()  # noqa: PTH123, SIM115
    for text in {*histories[1].texts("artist"), *histories[1].texts("track"), address(7)}:
        if len(text) > 6:
            assert text.encode() not in data
    assert address(7)[2:].encode() not in data and bytes.fromhex(address(7)[2:]) not in data
    with FingerprintIndex(path, KEY) as reopened:
        assert len(reopened) == 1
        assert submit(reopened, histories[1], 8).report.refused


def test_fingerprint_is_of_the_plays_not_of_their_order_or_extras(histories: list[Listens]) -> None:
    records = histories[1]
    mark = fingerprint(KEY, "music", MUSIC.identity(records))
    assert mark == fingerprint(KEY, "music", MUSIC.identity(Listens.of_rows(reversed(list(records.rows())))))
    assert mark == fingerprint(KEY, "music", MUSIC.identity(changed(records, shuffle=lambda r: -1, album=lambda r: "")))
    assert mark != fingerprint(KEY, "music", MUSIC.identity(changed(records, played_ms=lambda r: r["played_ms"] + 1)))
    assert mark != fingerprint(KEY, "other", MUSIC.identity(records))
    assert mark != fingerprint(FingerprintKey(b"x" * 32), "music", MUSIC.identity(records))


def test_rows_that_do_not_follow_from_the_records_are_refused(
    histories: list[Listens], index: FingerprintIndex
) -> None:
    rows = SCOPE.project(histories[1])
    for wrong in (SCOPE.encode(rows[:-1]), SCOPE.encode(SCOPE.project(histories[2])), b"", SCOPE.encode(rows) + b"\n"):
        with pytest.raises(UntrustedDataError, match="not what the scope"):
            submit(index, histories[1], 1, rows_bytes=wrong)
    with pytest.raises(UntrustedDataError):
        submit(index, histories[1], 1, records_bytes=b"{}")
    with pytest.raises(UntrustedDataError, match="another scope"):
        submit(index, histories[1], 1, scope_id=b"x" * 32)


def test_report_and_attestation_are_equal_for_all_validators(histories: list[Listens]) -> None:
    outcomes = []
    for _ in range(2):
        with FingerprintIndex(":memory:", KEY) as opened:
            submit(opened, histories[2], 5)
            outcomes.append(submit(opened, histories[1], 1))
    one, two = outcomes
    assert one.report == two.report and one.attestation == two.attestation and one.salt == two.salt
    assert one.attestation is not None
    assert one.attestation.report == one.report.digest(one.salt)
    assert one.report.digest(b"other salt") != one.attestation.report
    assert one.attestation.model_dump().keys() == {
        "member", "scope_id", "epoch", "version", "content", "weight", "fingerprint", "report", "expiry",
    }  # fmt: skip


def test_report_does_not_depend_on_hash_seeds() -> None:
    code = (
        "from tests.sdk.validation.helpers import *\n"
        "from unwrapped_dao import samples\n"
        "with samples.exports(1, seed=4, min_plays=400, max_plays=400) as e: r = MUSIC.read(e[0]).records\n"
        "o = submit(FingerprintIndex(':memory:', KEY), r, 1)\n"
        "print(o.report.digest(b's').hex(), o.fingerprint.hex(), sorted(o.sketch.buckets.items()))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."}, check=True,
            capture_output=True, timeout=60,
        ).stdout
        for seed in ("0", "1", "4242")
    }  # fmt: skip
    assert len(printed) == 1 and printed != {b""}


class Everywhere(dict[str, int]):
    """The same novelty for each month."""

    def __init__(self, novelty_ppm: int) -> None:
        self.novelty_ppm = novelty_ppm

    def get(self, key: str, default: object = None) -> int:  # type: ignore[override]
        return self.novelty_ppm


def test_worth_grows_with_what_is_new_saturates_and_ends_at_nothing(histories: list[Listens]) -> None:
    rows = list(histories[0].rows())
    span = rows[-1][0] - rows[0][0] + 86_400_000

    def lives(count: int, novelty_ppm: int = PPM) -> int:
        """The same life again and again, each time later and with other artists."""
        longer = Listens.of_rows(
            (row[0] + span * n, row[1], f"{row[2]} {n}", *row[3:]) for n in range(count) for row in rows
        )
        return MUSIC.worth(longer, Everywhere(novelty_ppm))

    one, two, four, eight = (lives(count) for count in (1, 2, 4, 8))
    assert 0 < one < two < four < eight < PPM
    assert (eight - four) / 4 < (four - two) / 2 < two - one, "each further life adds less"
    assert 0 < lives(8, PPM // 2) < eight
    assert lives(8, 0) == 0, "what was contributed before is worth nothing"
