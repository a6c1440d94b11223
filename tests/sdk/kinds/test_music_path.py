"""From a file to rows and back, on the openly licensed sample and on invented exports."""

from __future__ import annotations

import pytest

from unwrapped_dao import kinds, samples
from unwrapped_dao.errors import ExportError, InputError, NotFoundError, UntrustedDataError

MUSIC = kinds.get("music")
SCOPE = kinds.scope("artist-preferences")


def test_third_party_file_imports_with_every_row() -> None:
    found = MUSIC.read(samples.third_party())
    assert len(found.records) == 39
    assert found.summary.rows == 39
    assert not found.summary.problems


def test_unknown_names_are_not_found() -> None:
    with pytest.raises(NotFoundError):
        kinds.get("astrology")
    with pytest.raises(NotFoundError):
        kinds.scope("everything")


def test_preview_rows_are_the_bytes_and_come_back() -> None:
    preview = kinds.preview(MUSIC, MUSIC.read(samples.third_party()), SCOPE)
    rows = SCOPE.decode(preview.rows_bytes)
    assert [row.model_dump() for row in rows] == list(preview.rows)
    assert len(MUSIC.decode_records(preview.records_bytes)) == preview.records.records == 39


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"\xff\n", b"[]\n"])
def test_other_bytes_are_no_rows(damage: bytes) -> None:
    with pytest.raises(UntrustedDataError):
        SCOPE.decode(damage)


def test_any_flipped_byte_is_noticed_or_changes_a_row() -> None:
    preview = kinds.preview(MUSIC, MUSIC.read(samples.third_party()), SCOPE)
    good = preview.rows_bytes
    rows = SCOPE.decode(good)
    for i in range(0, len(good), 7):
        bad = good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :]
        try:
            assert SCOPE.decode(bad) != rows
        except UntrustedDataError:
            continue


def test_a_file_that_is_no_export_says_so(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "shopping.json"
    path.write_text('[{"milk": 2}]')
    with pytest.raises(ExportError, match="no listening history"):
        MUSIC.read(path)


def test_scope_of_another_kind_is_refused() -> None:
    imported = MUSIC.read(samples.third_party())
    other = type(imported)("heart-rate", imported.records, imported.summary)
    with pytest.raises(InputError):
        kinds.preview(MUSIC, other, SCOPE)
