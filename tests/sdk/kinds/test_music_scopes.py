"""What each scope lets out, and what it never does."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
import rfc8785

from tests.sdk.kinds.exports_by_hand import new_row, write
from tests.sdk.validation.helpers import KEY, submit
from unwrapped_dao import kinds, samples
from unwrapped_dao.errors import InputError, UntrustedDataError
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.kinds.music.scopes import artist_counts_dp as dp
from unwrapped_dao.kinds.music.scopes.listening_sessions import PARTS
from unwrapped_dao.kinds.packing import pack_records, unpack_records
from unwrapped_dao.validation import FingerprintIndex

MUSIC = kinds.get("music")
NAMES = list(MUSIC.scopes)


@pytest.fixture(scope="module")
def records() -> Listens:
    with samples.exports(1, seed=2, min_plays=1_200, max_plays=1_200, format="extended-zip") as made:
        return MUSIC.read(made[0]).records


def coins(n: int) -> bytes:
    return n.to_bytes(32, "big")


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_valid_canonical_and_come_back(records: Listens, name: str) -> None:
    scope = MUSIC.scopes[name]
    rows = scope.project(records, coins(1) if scope.randomised else b"")
    data = scope.encode(rows)
    assert rows and scope.decode(data) == rows
    assert data.split(b"\n")[1:-1] == [rfc8785.dumps(row.model_dump()) for row in rows]
    assert [scope.row.model_validate(row.model_dump(), strict=True) for row in rows] == list(rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_scope_goes_through_preview_and_validation(tmp_path: Path, name: str) -> None:
    scope = MUSIC.scopes[name]
    preview = kinds.preview(MUSIC, MUSIC.read(samples.third_party()), scope)
    with FingerprintIndex(":memory:", KEY) as index:
        sent: dict[str, Any] = {
            "scope_id": preview.scope_id,
            "records_bytes": preview.records_bytes,
            "rows_bytes": preview.rows_bytes,
        }
        outcome = submit(index, Listens.of_rows([]), 1, scope=scope, **sent)
        assert outcome.attestation is not None and outcome.attestation.scope_id == scope.scope_id
        with pytest.raises(UntrustedDataError):
            submit(index, Listens.of_rows([]), 1, scope=scope, **(sent | {"rows_bytes": scope.encode([])}))


@pytest.mark.parametrize("name", NAMES)
def test_no_scope_lets_out_what_it_promises_not_to(tmp_path: Path, name: str) -> None:
    rows = [new_row(ts=f"2024-03-05T{h}:15:37Z") for h in range(10, 20)]
    rows += [
        new_row(master_metadata_album_artist_name="CANARYprivate", incognito_mode=True),
        new_row(master_metadata_album_artist_name="CANARYlocal", spotify_track_uri="spotify:local:a:b:c:1"),
        new_row(
            master_metadata_track_name=None, master_metadata_album_artist_name=None, spotify_track_uri=None,
            episode_name="CANARYepisode", episode_show_name="CANARYshow",
        ),
    ]  # fmt: skip
    scope = MUSIC.scopes[name]
    found = MUSIC.read(write(tmp_path, {"endsong_0.json": rows})).records
    data = scope.encode(scope.project(found, coins(3) if scope.randomised else b"")).decode()
    assert (
        "CANARY" not in data and "QX" not in data and "203.0.113" not in data and "4uLU6hMCjMI75M1A2tKUQC" not in data
    )
    assert "Paper Harbor" not in data, "no scope has albums"
    if name != "artist-preferences":
        assert str(found.integers("start_ms")[0] // 1000) not in data


def test_track_history_knows_the_hour_and_nothing_finer(records: Listens) -> None:
    rows = MUSIC.scopes["track-history"].project(records)
    starts = {s // 3_600_000 for s in records.integers("start_ms")}
    assert {row.hour for row in rows} <= starts  # type: ignore[attr-defined]
    assert all(row.played_s % 10 == 0 for row in rows)  # type: ignore[attr-defined]
    inside = Counter(row.hour for row in rows)  # type: ignore[attr-defined]
    hour = inside.most_common(1)[0][0]
    names = [(row.artist, row.track) for row in rows if row.hour == hour]  # type: ignore[attr-defined]
    assert names == sorted(names), "the order within an hour tells nothing"


def test_sessions_follow_silences_and_their_numbers_tell_no_day(tmp_path: Path) -> None:
    rows = []
    for day in range(4, 11):
        for minute in (0, 4, 8):
            rows.append(new_row(ts=f"2024-03-{day:02}T20:{minute + 10}:00Z", ms_played=200_000 + day))
        rows.append(new_row(ts=f"2024-03-{day:02}T23:10:00Z", ms_played=200_000))
    found = MUSIC.scopes["listening-sessions"].project(MUSIC.read(write(tmp_path, {"endsong_0.json": rows})).records)
    sizes = Counter(row.session for row in found)  # type: ignore[attr-defined]
    assert sorted(sizes.values()) == [1] * 7 + [3] * 7
    assert {row.week for row in found} == {202410}  # type: ignore[attr-defined]
    assert {row.part for row in found} == {PARTS[5]}  # type: ignore[attr-defined]
    assert [row.position for row in found if row.session == 1] == list(range(1, sizes[1] + 1))  # type: ignore[attr-defined]
    # In the order of time, long and short sessions would alternate.
    pattern = [sizes[n] for n in range(1, 15)]
    assert pattern not in ([3, 1] * 7, [1, 3] * 7)


def test_the_chance_to_keep_is_what_epsilon_says() -> None:
    odds = math.exp(dp.EPSILON_MILLI / 1000)
    assert math.floor(10**9 * odds / (odds + dp.BUCKETS - 1)) == dp.KEEP_PPB
    assert round(odds) + 1 == dp.BUCKETS


def test_no_output_is_more_than_e_to_the_epsilon_likelier_for_one_history_than_another() -> None:
    """The definition, measured: the same seed, two different favourites, many coins."""
    size = 12_000
    counts = [Counter[tuple[bool, bool]](), Counter[tuple[bool, bool]]()]
    for n in range(size):
        for which, artist in enumerate(("Zelvora", "Quorvane")):
            report = dp.randomise([artist] * dp.DRAWN_FROM, coins(n))
            counts[which][report.bucket == dp.bucket_of(report.seed, "Zelvora"), True] += 1
    likely, unlikely = (c[True, True] / size for c in counts)
    assert likely == pytest.approx(dp.KEEP_PPB / 1e9, abs=0.01)
    # With 1/56 of the hash functions both artists share a bucket; beyond that the ratio is bounded by e^4.
    assert likely / unlikely <= math.exp(4) * 1.2
    assert unlikely == pytest.approx(1 / dp.BUCKETS, abs=0.005)


def test_counts_are_estimated_without_bias_and_with_the_stated_noise() -> None:
    random = Random(5)
    artists = [f"Artist {i}" for i in range(60)]
    errors = []
    for trial in range(4):
        truth: Counter[str] = Counter()
        reports = []
        for n in range(1_500):
            favourites = list(dict.fromkeys(artists[int(60 * random.random() ** 2)] for _ in range(30)))[
                : dp.DRAWN_FROM
            ]
            truth.update(favourites)
            reports.append(dp.randomise(favourites, coins(trial * 10_000 + n)))
        found = dp.estimate(reports, artists)
        errors += [(item.members - truth[item.artist]) / item.deviation for item in found]
    mean = sum(errors) / len(errors)
    spread = math.sqrt(sum(e * e for e in errors) / len(errors))
    assert abs(mean) < 0.25
    # Above 1 because the drawing of one favourite in eight adds to the stated noise of the hashing.
    assert 0.7 < spread < 1.9


def test_fewer_favourites_are_padded_and_none_gives_no_row() -> None:
    scope = MUSIC.scopes["artist-counts-dp"]
    assert scope.project(Listens.of_rows([]), coins(1)) == ()
    hits = sum(
        report.bucket == dp.bucket_of(report.seed, "Zelvora")
        for report in (dp.randomise(["Zelvora"], coins(n)) for n in range(8_000))
    )
    expected = (dp.KEEP_PPB / 1e9 - 1 / dp.BUCKETS) / dp.DRAWN_FROM + 1 / dp.BUCKETS
    assert hits / 8_000 == pytest.approx(expected, abs=0.012)


def test_coins_are_needed_fresh_and_kept_from_buyers(records: Listens) -> None:
    scope = MUSIC.scopes["artist-counts-dp"]
    with pytest.raises(InputError, match="32 random bytes"):
        scope.project(records)
    packed = pack_records(MUSIC, scope, records, b"C" * 32)
    assert unpack_records(MUSIC, scope, packed) == (records, b"C" * 32)
    for bad in (packed[:-1], MUSIC.encode_records(records), b"", packed[-72:]):
        with pytest.raises(UntrustedDataError):
            unpack_records(MUSIC, scope, bad)
    data = scope.encode(scope.project(records, b"C" * 32))
    assert (b"C" * 32).hex().encode() not in data
    assert scope.accepts(records, data, b"C" * 32) and not scope.accepts(records, data, b"D" * 32)
    imported = MUSIC.read(samples.third_party())
    assert len({kinds.preview(MUSIC, imported, scope).rows_bytes for _ in range(4)}) > 1
