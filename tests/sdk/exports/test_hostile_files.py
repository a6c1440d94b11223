"""Files from strangers: every refusal is one `ExportError` with one sentence, and nothing else ever comes out."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unwrapped_dao.errors import ExportError
from unwrapped_dao.exports import DEFAULT_LIMITS, Export, Limits, natural_key, printable, visible

SMALL = Limits(entries=20, entry_bytes=1 << 20, total_bytes=2 << 20, nested_bytes=1 << 20, ratio=50)


def zipped(files: dict[str, bytes], **options: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = options.get("compress", zipfile.ZIP_DEFLATED)
            info.external_attr = options.get("mode", 0o100644) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def refusal(path: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    """Open and read everything; the message of the refusal."""
    with pytest.raises(ExportError) as caught, Export.open(path, limits=limits) as export:
        for entry in export.entries:
            entry.read()
    message = caught.value.message
    assert message.endswith(".") and "\n" not in message and caught.value.hint
    return message


def put(tmp_path: Path, data: bytes, name: str = "export.zip") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_entries_come_in_natural_order_and_read_whole(tmp_path: Path) -> None:
    files = {f"a/history_{n}.json": str(n).encode() for n in (10, 2, 1)}
    with Export.open(put(tmp_path, zipped(files))) as export:
        assert [entry.base_name for entry in export.entries] == ["history_1.json", "history_2.json", "history_10.json"]
        assert [entry.read() for entry in export.entries] == [b"1", b"2", b"10"]
        assert export.entries[2].head(1) == b"1"


def test_folder_and_zip_and_single_file_give_the_same_entries(tmp_path: Path) -> None:
    folder = tmp_path / "Export"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.json").write_bytes(b"[1]")
    (folder / "b.json").write_bytes(b"[2]")
    with (
        Export.open(folder) as one,
        Export.open(put(tmp_path, zipped({"sub/a.json": b"[1]", "b.json": b"[2]"}))) as two,
    ):
        assert [(e.name, e.read()) for e in one.entries] == [(e.name, e.read()) for e in two.entries]
    with Export.open(folder / "b.json") as single:
        assert [(e.name, e.size, e.read()) for e in single.entries] == [("b.json", 3, b"[2]")]


def test_zip_is_known_by_content_not_by_name(tmp_path: Path) -> None:
    with Export.open(put(tmp_path, zipped({"a.json": b"[]"}), "my data (1).json")) as export:
        assert [e.name for e in export.entries] == ["a.json"]


def test_nested_zips_are_opened_and_bounded(tmp_path: Path) -> None:
    inner = zipped({"plays.csv": b"x"})
    with Export.open(put(tmp_path, zipped({"outer/inner.zip": inner}))) as export:
        assert [e.name for e in export.entries] == ["outer/inner.zip/plays.csv"]
    deep = inner
    for _ in range(4):
        deep = zipped({"in.zip": deep})
    assert "nested" in refusal(put(tmp_path, deep))


@pytest.mark.parametrize(
    "name", ["../x.json", "a/../../x.json", "/etc/x.json", "C:\\x.json", "..\\x.json", "a/..", "c:x"]
)
def test_traversal_is_refused(tmp_path: Path, name: str) -> None:
    assert "path traversal" in refusal(put(tmp_path, zipped({name: b"[]"})))


def test_zip_bomb_is_refused_by_ratio_before_anything_is_unpacked(tmp_path: Path) -> None:
    assert "zip bomb" in refusal(put(tmp_path, zipped({"bomb.json": b"\0" * (8 << 20)})))


def test_too_many_too_large_too_much(tmp_path: Path) -> None:
    noise = os.urandom(900_000)
    assert "entries" in refusal(put(tmp_path, zipped({f"{n}.json": b"1" for n in range(21)})), SMALL)
    assert "more than 1 MB" in refusal(put(tmp_path, zipped({"a.json": noise * 2}, compress=zipfile.ZIP_STORED)), SMALL)
    text = noise[:450_000].hex().encode()
    assert "more than 2 MB" in refusal(put(tmp_path, zipped({f"{n}.json": text for n in range(3)})), SMALL)


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    """Two directory records that point at the same bytes (the trick of better zip bombs)."""
    data = zipped({"a.json": b"x" * 1000})
    end = data.rindex(b"PK\x05\x06")
    start = data.index(b"PK\x01\x02")
    record = data[start:end]
    eocd = bytearray(data[end:])
    struct.pack_into("<HH", eocd, 8, 2, 2)
    struct.pack_into("<I", eocd, 12, 2 * len(record))
    assert "overlapping" in refusal(put(tmp_path, data[:start] + record * 2 + bytes(eocd)))


def test_a_size_that_lies_is_noticed(tmp_path: Path) -> None:
    """The directory claims 10 bytes, the stream holds 100,000: never more than claimed is read, and it is an error."""
    data = bytearray(zipped({"a.json": b"y" * 100_000}))
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(magic) + offset, 10)
    assert "damaged" in refusal(put(tmp_path, bytes(data)))


def test_encrypted_entries_are_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.json": b"[]"}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    assert "encrypted" in refusal(put(tmp_path, bytes(data)))


def test_links_and_special_files_are_refused(tmp_path: Path) -> None:
    assert "link" in refusal(put(tmp_path, zipped({"a.json": b"/etc/passwd"}, mode=0o120777)))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.json").symlink_to("/etc/hostname")
    assert "link" in refusal(folder)
    (folder / "link.json").unlink()
    os.mkfifo(folder / "pipe.json")
    assert "special" in refusal(folder)
    assert "neither" in refusal(folder / "pipe.json")


def test_linked_folder_inside_is_refused_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "loop").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert "link" in refusal(tmp_path / "inside")


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_truncated_zip_is_said_to_be_cut_short(tmp_path: Path, keep: float) -> None:
    data = zipped({"a.json": os.urandom(5000), "b.json": os.urandom(5000)})
    assert "cut short" in refusal(put(tmp_path, data[: int(len(data) * keep)]))


def test_damaged_content_is_noticed_by_its_checksum(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.json": b"abcdefgh" * 50}, compress=zipfile.ZIP_STORED))
    data[60] ^= 0xFF
    assert "damaged" in refusal(put(tmp_path, bytes(data)))


def test_missing_file_is_an_export_error(tmp_path: Path) -> None:
    assert "no readable file" in refusal(tmp_path / "nowhere.zip")
    with pytest.raises(ExportError), Export.open("bad\0name"):
        pass


def test_names_in_messages_cannot_drive_a_terminal(tmp_path: Path) -> None:
    message = refusal(put(tmp_path, zipped({"../\x1b[2Jevil\n.json": b"[]"})))
    assert "\x1b" not in message
    assert printable("\x1b[31m" + "x" * 500).isprintable()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_raises_anything_but_export_errors(tmp_path: Path, data: st.DataObject) -> None:
    """Any bytes of a good zip overwritten, cut out or repeated."""
    good = bytearray(zipped({"a.json": b"[1, 2, 3]" * 20, "b/c.json": zlib.compress(b"hello") * 3}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        match data.draw(st.sampled_from(["set", "cut", "repeat"])):
            case "set":
                good[at] = data.draw(st.integers(0, 255))
            case "cut":
                del good[at : at + data.draw(st.integers(1, 20))]
                good = good or bytearray(b"PK")
            case _:
                good[at:at] = good[at : at + data.draw(st.integers(1, 40))]
    path = put(tmp_path, bytes(good))
    try:
        with Export.open(path, limits=SMALL) as export:
            for entry in export.entries:
                assert len(entry.read()) == entry.size
    except ExportError:
        pass


@given(st.lists(st.text(max_size=12)))
def test_natural_order_is_total(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural_key), key=natural_key) == sorted(names, key=natural_key)


OBEYED = "\x1b[31m\x07\x9b2J\r\n\u202eevil\u2066\ud800\u2028\U000e0041"


def test_what_a_terminal_would_obey_is_written_out_and_nothing_is_lost() -> None:
    shown = visible(f"a{OBEYED}b")
    assert shown.isprintable() and shown.encode("ascii").decode("unicode_escape") == f"a{OBEYED}b"
    assert visible("two\nlines\x1b", keep="\n") == "two\nlines\\x1b"
    family = "Žélvora 🎧 👩\u200d👧 مرحبا 夜"
    assert visible(family) == family, "letters of every script and emoji stay"


def test_json_keeps_its_meaning_when_it_is_made_visible() -> None:
    text = json.dumps({"name": OBEYED}, ensure_ascii=False, indent=1)
    shown = visible(text, keep="\n", as_json=True)
    assert json.loads(shown) == {"name": OBEYED} and all(c.isprintable() or c == "\n" for c in shown)
