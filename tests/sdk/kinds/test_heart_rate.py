"""The second kind works through import, scope and validation without one line outside its folder."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unwrapped_dao import kinds
from unwrapped_dao.dataset import Release, build
from unwrapped_dao.errors import ExportError, UntrustedDataError
from unwrapped_dao.kinds.heart_rate.beats import Beat, Beats
from unwrapped_dao.validation import FingerprintIndex, FingerprintKey, Outcome, Submission, validate

HEART = kinds.get("heart-rate")
SCOPE = kinds.scope("resting-heart-rate")
KEY = FingerprintKey(b"h" * 32)


def person(seed: int, days: int = 60) -> Beats:
    """A heart that sleeps, wanders and sometimes runs; a measurement every ten minutes."""
    random, beats = Random(seed), []
    rest, now, level = random.randint(48, 68), 1_700_000_000, 0.0
    for i in range(days * 144):
        hour = (now // 3_600 + seed) % 24
        level = 0.9 * level + random.gauss(0, 3)
        run = 40 if i % 200 < 3 else 0
        day = 14 - 14 * math.cos((hour - 4) / 24 * 2 * math.pi)
        beats.append(Beat(now, max(40, int(rest + day + level + run))))
        now += 600 if i % 3 else 60
    return Beats(beats)


def csv_of(records: Beats) -> str:
    return "timestamp,device,bpm\n" + "".join(f"{b.time_s},CANARYwatch,{b.bpm}\n" for b in records.beats())


def submit(index: FingerprintIndex, records: Beats, member: int) -> Outcome:
    submission = Submission(
        member=f"0x{member:040x}", scope_id=SCOPE.scope_id, epoch=1, version=1, content=bytes([member]) * 32, expiry=1,
        records_bytes=HEART.encode_records(records), rows_bytes=SCOPE.encode(SCOPE.project(records)),
    )  # fmt: skip
    outcome = validate(HEART, SCOPE, submission, key=KEY, index=index, max_weight=1_000)
    if outcome.attestation:
        outcome.remember(index, submission)
    return outcome


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Time;BPM;Note\r\n2024-03-05T20:12:30Z;61,4;Zürich\r\n2024-03-05 20:12:35;62;\r\n", "cp1252"),
        ("time\tbpm\n2024-03-05T21:12:30+01:00\t61\n1709669555000\t62\n", "utf-16"),
        ('"note","heart rate","timestamp"\n"two\nlines","61","1709669550"\n"","62.0","1709669555"\n', "utf-8-sig"),
    ],
)
def test_a_table_however_it_was_saved(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "heart.csv"
    path.write_bytes(text.encode(encoding))
    found = HEART.read(path)
    assert found.records.beats() == [Beat(1_709_669_550, 61), Beat(1_709_669_555, 62)]
    assert found.summary.rows == 2 and not found.summary.problems


def test_import_preview_and_warning(tmp_path: Path) -> None:
    path = tmp_path / "watch.csv"
    path.write_text(csv_of(person(1)))
    found = HEART.read(path)
    assert found.records == person(1)
    preview = kinds.preview(HEART, found, SCOPE)
    assert "Article 9" in preview.lines()[0]
    assert len(preview.rows) >= 1 and "CANARY" not in preview.rows_bytes.decode() + preview.records_bytes.decode()
    assert SCOPE.decode(preview.rows_bytes) == SCOPE.project(found.records)


def test_bad_rows_are_named_and_times_understood(tmp_path: Path) -> None:
    lines = ["Start_Time,Heart Rate", "2024-03-05T20:00:00+01:00,61.5", "2024-03-05 19:00:01,62", "soon,60",
             "1700000000,900",
             "1700000001,fast", "1700000002", "", "1700000003,60"]  # fmt: skip
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines))
    found = HEART.read(path)
    assert found.records.beats() == [Beat(1_700_000_003, 60), Beat(1_709_665_200, 62), Beat(1_709_665_201, 62)]
    assert found.summary.rows == 7 and [p.row for p in found.summary.problems] == [3, 4, 5, 6]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "timestamp,bpm\n", "timestamp,bpm\nx,y\n", "\0"])
def test_wrong_files_are_one_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(ExportError):
        HEART.read(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_raise_nothing_else(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"timestamp,bpm\n1700000000,60\n" + data)
    try:
        found = HEART.read(path)
    except ExportError:
        return
    summary = found.summary
    assert summary.rows == summary.records + summary.duplicates + sum(n for _, n in summary.left_out)
    with pytest.raises(UntrustedDataError):
        HEART.decode_records(data)


def test_two_watches_that_tick_in_the_same_second_have_next_to_nothing_in_common() -> None:
    """One rate at one second is a coin with twenty sides; three in a row are not met by chance."""
    for bucket, mine in HEART.traces(person(0)).items():
        for other in range(1, 6):
            theirs = set(HEART.traces(person(other))[bucket])
            assert len(theirs.intersection(mine)) * 100 < len(mine), (bucket, other)


def test_people_pass_and_copies_do_not() -> None:
    with FingerprintIndex(":memory:", KEY) as index:
        for n in range(4):
            outcome = submit(index, person(n), n)
            assert not outcome.report.refused and outcome.report.authenticity > 800_000, outcome.report.reasons
            assert outcome.report.weight > 10
        shifted = Beats(Beat(b.time_s + 86_400 * 200, b.bpm) for b in person(2).beats())
        part = Beats(person(1).beats()[:3_000])
        for forged in (person(0), part, shifted):
            assert submit(index, forged, 9).report.refused


@pytest.mark.parametrize(
    ("check", "bpm"), [("jumps", "random"), ("one-rate", "constant"), ("still", "constant"), ("day-and-night", "flat")]
)
def test_each_check_notices_its_forgery(check: str, bpm: str) -> None:
    random = Random(1)
    make = {
        "random": lambda: random.randint(40, 180),
        "constant": lambda: 70,
        "flat": lambda: 70 + random.randint(0, 3),
    }[bpm]
    forged = Beats(Beat(b.time_s, make()) for b in person(1).beats())
    assert next(r.penalty_ppm for r in HEART.check(forged) if r.check == check) > 100_000
    assert all(r.penalty_ppm == 0 for r in HEART.check(person(1)))


def test_records_round_trip_and_merge() -> None:
    records = person(3, days=5)
    assert HEART.decode_records(HEART.encode_records(records)) == records
    with pytest.raises(UntrustedDataError):
        HEART.decode_records(HEART.encode_records(records)[:-2] + b"1\n")


def test_two_exports_of_one_person_merge(tmp_path: Path) -> None:
    whole = person(4, days=10)
    imports = []
    for n, part in enumerate((whole.beats()[:1_000], whole.beats()[600:])):
        path = tmp_path / f"{n}.csv"
        path.write_text(csv_of(Beats(part)))
        imports.append(HEART.read(path))
    merged = HEART.merge(imports)
    assert merged.records == whole
    assert merged.summary.duplicates == 400


def test_its_rows_make_a_dataset() -> None:
    members = [(n, SCOPE.encode(SCOPE.project(person(n)))) for n in range(3)]
    dataset = build(
        SCOPE,
        members,
        Release(
            collective="0x" + "ab" * 20, chain_id=1, epoch=1, sale_id="0x" + "cd" * 32, purpose="academic-research",
            terms_digest="0x" + "ef" * 32, date="2026-01-02", salt=b"s" * 16,
        ),
    )  # fmt: skip
    assert dataset.num_members == 3 and dataset.risk().members == 3
