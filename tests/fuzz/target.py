"""What is fuzzed: the bytes of one file, read as a member's export is, for each source and for the archive itself.

Needs no fuzzer: the tests run the kept corpus through the same function (tests/sdk/kinds/test_fuzz_corpus.py).
"""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from unwrapped_dao import kinds
from unwrapped_dao.errors import ExportError
from unwrapped_dao.exports import Limits

CORPUS = Path(__file__).parents[1] / "fixtures" / "fuzz"
LIMITS = Limits(entry_bytes=1 << 20, total_bytes=4 << 20, nested_bytes=1 << 20)
PART = b"\0\0"
WORKBOOK = (
    "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels",
)  # fmt: skip
BOOK_DEFAULTS = {
    "xl/workbook.xml": b'<workbook><sheets><sheet name="10_listeningHistory" r:id="a"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b'<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/>'
    b"</Relationships>",
}


def as_it_is(data: bytes) -> bytes:
    return data


def as_workbook(data: bytes) -> bytes:
    """Parts of a spreadsheet, divided by two zero bytes: mutating a packed one would only break its checksums."""
    parts = BOOK_DEFAULTS | dict(zip(WORKBOOK, data.split(PART, len(WORKBOOK) - 1), strict=False))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


@dataclass(frozen=True)
class Target:
    """One file name to read bytes under, and how the bytes become the file."""

    name: str
    file: str
    kind: str = "music"
    made: Callable[[bytes], bytes] = as_it_is


TARGETS = {
    target.name: target
    for target in (
        Target("spotify-extended", "endsong_0.json"),
        Target("spotify-account", "StreamingHistory_music_0.json"),
        Target("apple-music-activity", "Apple Music Play Activity.csv"),
        Target("apple-music-daily", "Apple Music - Play History Daily Tracks.csv"),
        Target("listenbrainz", "3.jsonl"),
        Target("maloja", "maloja.json"),
        Target("lastfm-json", "recenttracks.json"),
        Target("lastfm-csv", "scrobbles.csv"),
        Target("lastfm-plain-csv", "me.csv"),
        Target("youtube-music-json", "watch-history.json"),
        Target("youtube-music-html", "watch-history.html"),
        Target("deezer", "deezer-data.xlsx", made=as_workbook),
        Target("deezer-csv", "10_listeningHistory.csv"),
        Target("archive", "export.zip"),
        Target("heart-rate", "heart.csv", kind="heart-rate"),
    )
}


HOME_VARIABLE = "UNWRAPPED_FUZZ_HOME"
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@cache
def home() -> Path:
    """A folder of this process, in memory where there is one. A fuzzer ends without tidying, so it is given one."""
    if HOME_VARIABLE in os.environ:
        return Path(os.environ[HOME_VARIABLE])
    made = tempfile.mkdtemp(prefix="unwrapped-fuzz-", dir=MEMORY)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def read_one(target: Target, data: bytes) -> int:
    """Read the bytes; the number of records, -1 if refused. Whatever else happens is a fault of the package."""
    path = home() / target.file
    path.write_bytes(target.made(data))
    kind = kinds.get(target.kind)
    try:
        kind.schema(path)
        found = kind.read(path, limits=LIMITS)
    except ExportError as error:
        assert error.message.endswith(".") and error.message.isprintable() and error.hint
        return -1
    summary = found.summary
    left_out = sum(count for _, count in summary.left_out)
    assert summary.rows == summary.records + summary.duplicates + left_out, summary.lines()
    assert summary.records == len(found.records) > 0
    assert len(summary.problems) == left_out and all(p.row >= 0 for p in summary.problems)
    encoded = kind.encode_records(found.records)
    assert kind.encode_records(kind.decode_records(encoded)) == encoded
    assert kind.merge([found, found]).records == found.records, "the same export twice is the same history"
    kind.check(found.records)
    return len(found.records)
