"""What import promises whatever the file: only the package's own errors, no network, no personal value anywhere."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sdk.kinds.exports_by_hand import CANARIES, account_row, new_row, old_row, write
from unwrapped_dao import kinds, samples
from unwrapped_dao.errors import ExportError, UnwrappedError
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.validation import FingerprintIndex, FingerprintKey, Submission, validate

MUSIC = kinds.get("music")
SCOPE = kinds.scope("artist-preferences")
KEY = FingerprintKey(b"k" * 32)
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
values = scalars | st.just([]) | st.just({}) | st.just([[1]]) | st.just({"ts": {"a": None}})


def rows_like(make: Any) -> st.SearchStrategy[Any]:
    """Rows of the real shape in which some fields hold anything, or are absent, among rows that are no rows."""
    template = make()
    field = st.sampled_from(sorted(template))
    changed = st.tuples(field, values).map(lambda pair: template | {pair[0]: pair[1]})
    shorter = field.map(lambda gone: {k: v for k, v in template.items() if k != gone})
    return st.lists(st.just(template) | changed | shorter | values, max_size=4)


@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
@given(rows=st.sampled_from([new_row, old_row, account_row]).flatmap(rows_like), named=st.booleans())
def test_any_values_import_or_raise_export_error_and_counts_add_up(tmp_path: Path, rows: Any, named: bool) -> None:
    path = tmp_path / ("endsong_0.json" if named else "some file")
    path.write_text(json.dumps(rows))
    try:
        found = MUSIC.read(path)
    except ExportError:
        return
    summary = found.summary
    assert summary.rows == len(rows) == summary.records + summary.duplicates + sum(n for _, n in summary.left_out)
    assert MUSIC.decode_records(MUSIC.encode_records(found.records)) == found.records
    assert SCOPE.decode(SCOPE.encode(SCOPE.project(found.records))) == SCOPE.project(found.records)


@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_damaged_files_import_or_raise_export_error(tmp_path: Path, data: st.DataObject) -> None:
    make = data.draw(st.sampled_from([new_row, old_row, account_row]))
    text = bytearray(json.dumps([make(), make()]).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    path = tmp_path / data.draw(st.sampled_from(["endsong_0.json", "StreamingHistory0.json", "x.json"]))
    path.write_bytes(bytes(text))
    with suppress(ExportError):
        MUSIC.read(path)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_as_records_or_rows_are_refused_in_kind(data: bytes) -> None:
    for decode in (MUSIC.decode_records, SCOPE.decode):
        with pytest.raises(UnwrappedError):
            decode(data)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_canonical_records_are_refused(data: st.DataObject) -> None:
    good = bytearray(
        Listens.of_rows(
            [(10**12 + i, 40_000, f"A{i}", "T", "", "", "music", "", "", -1, -1, 0, 0, "s") for i in range(3)]
        ).to_bytes()
    )
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] = data.draw(st.integers(0, 255).filter(lambda b: b != good[at]))
    try:
        decoded = MUSIC.decode_records(bytes(good))
    except UnwrappedError:
        return
    assert decoded.to_bytes() == bytes(good)


def canary_export(tmp_path: Path) -> Path:
    rows = [
        new_row(ts=f"2024-{m:02}-{d:02}T{h:02}:15:30Z", ms_played=60_000 + d)
        for m in range(1, 4)
        for d in range(1, 29)
        for h in (8, 20)
    ]
    bad = [new_row(ts="CANARYtime"), new_row(ms_played="CANARYms"), new_row(reason_start="CANARYreason"), "CANARYrow"]
    return write(
        tmp_path,
        {
            "Streaming_History_Audio_2024_0.json": rows + bad,
            "endsong_0.json": [old_row()],
            "Userdata.json": {"username": "CANARYname", "email": "CANARY@example.org"},
            "SearchQueries.json": [{"searchQuery": "CANARYsearch"}],
            "Unheard of.json": [{"note": "CANARYnote"}],
        },
    )


def test_canaries_appear_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    found = MUSIC.read(canary_export(tmp_path))
    preview = kinds.preview(MUSIC, found, SCOPE)
    index = FingerprintIndex(tmp_path / "index.sqlite", KEY)
    submission = Submission(
        member="0x" + "11" * 20, scope_id=SCOPE.scope_id, epoch=1, version=1, content=b"c" * 32, expiry=1,
        records_bytes=preview.records_bytes, rows_bytes=preview.rows_bytes,
    )  # fmt: skip
    outcome = validate(MUSIC, SCOPE, submission, key=KEY, index=index, max_weight=1000)
    outcome.remember(index, submission)
    index.close()
    texts = [
        preview.rows_bytes.decode(), preview.records_bytes.decode(), repr(found), repr(found.records), repr(preview),
        str(preview), repr(preview.records), "\n".join(preview.lines(1000)), "\n".join(found.summary.lines()),
        repr(found.summary), repr(outcome), outcome.report.canonical_bytes().decode(), repr(submission), repr(index),
        (tmp_path / "index.sqlite").read_bytes().decode("latin-1"), caplog.text, "".join(capfd.readouterr()),
        *(repr(row) for row in list(found.records)[:5]),
    ]  # fmt: skip
    for text in texts:
        assert "CANARY" not in text.replace(str(tmp_path), "")
        for value in CANARIES.values():
            assert value not in text
    assert {p.reason for p in found.summary.problems}, "the bad rows are still reported"


@pytest.mark.parametrize(
    "broken", ['[{"ts": "CANARY', '{"email": "CANARY"}', '[{"ts": "CANARY", "ms_played": "CANARY"}]']
)
def test_errors_quote_no_value(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "endsong_0.json"
    path.write_text(broken)
    with pytest.raises(ExportError) as caught:
        MUSIC.read(path)
    error: BaseException | None = caught.value
    while error is not None:
        assert "CANARY" not in str(error) + repr(error)
        error = error.__cause__ or error.__context__


def test_import_touches_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("import opened a socket")

    exports = samples.exports(3, seed=1, min_plays=300, max_plays=300)
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for export in (*exports, samples.third_party()):
        kinds.preview(MUSIC, MUSIC.read(export), SCOPE)


def test_projection_leaves_out_what_the_scope_promises(tmp_path: Path) -> None:
    rows = [
        new_row(),
        new_row(master_metadata_album_artist_name="CANARYprivate", incognito_mode=True),
        new_row(master_metadata_album_artist_name="CANARYlocal", spotify_track_uri="spotify:local:a:b:c:1"),
        new_row(master_metadata_album_artist_name="Unknown Artist", ts="2024-03-05T21:15:30Z"),
        new_row(
            master_metadata_track_name=None, master_metadata_album_artist_name=None, spotify_track_uri=None,
            episode_name="CANARYepisode", episode_show_name="CANARYshow",
        ),
    ]  # fmt: skip
    found = MUSIC.read(write(tmp_path, {"endsong_0.json": rows}))
    preview = kinds.preview(MUSIC, found, SCOPE)
    assert [dict(row) for row in preview.rows] == [
        {"artist": "Zelvora", "months_active": 1, "rank": 1, "share_ppm": 1_000_000}
    ]
    assert preview.records.records == 5
