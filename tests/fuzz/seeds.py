"""Writes the first inputs of each target's corpus from the fixtures: `python -m tests.fuzz.seeds`.

A few rows of each format; what the fuzzer finds beyond them is kept beside them.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator

from tests.fuzz.target import CORPUS, PART
from tests.sdk.kinds.exports_by_hand import cell
from tests.sdk.kinds.make_export_fixtures import FOLDER, Fixture, fixtures
from unwrapped_dao.samples.formats import write_zip

ROWS = 3


def lines(data: bytes, count: int = ROWS + 1) -> bytes:
    return b"\n".join(data.splitlines()[:count]) + b"\n"


def rows(data: bytes) -> bytes:
    found = json.loads(data)
    return json.dumps(found[:ROWS] + found[-2:]).encode()


def seeds() -> Iterator[tuple[str, str, bytes]]:
    """(target, name, bytes)."""
    made: dict[str, Fixture] = {fixture.name: fixture for fixture in fixtures()}

    def part(fixture: str, ending: str) -> bytes:
        return next(data for name, data in made[fixture].files if name.endswith(ending))

    yield "spotify-extended", "new", rows(part("spotify-extended.zip", "Audio_2024_0.json"))
    yield "spotify-extended", "old", rows(part("spotify-endsong.zip", "endsong_1.json"))
    yield "spotify-account", "music", rows(part("spotify-account.zip", "music_0.json"))
    yield "spotify-account", "podcast", part("spotify-account.zip", "podcast_0.json")
    yield "spotify-account", "audiobook", part("spotify-account.zip", "audiobook_0.json")
    yield "apple-music-activity", "2020", lines(part("apple-music-2020.csv", ""))
    with zipfile.ZipFile(FOLDER / "apple-music.zip") as outer:
        inner_name = outer.namelist()[0]
        with outer.open(inner_name) as stream, zipfile.ZipFile(stream) as inner:
            activity = next(name for name in inner.namelist() if "Activity.csv" in name)
            yield "apple-music-activity", "44-columns", lines(inner.read(activity))
    yield "apple-music-daily", "daily", lines(part("apple-music-daily.csv", ""))
    yield "listenbrainz", "lines", lines(part("listenbrainz.zip", "3.jsonl"))
    listens = part("listenbrainz.zip", "3.jsonl").splitlines()[:ROWS]
    yield "listenbrainz", "array", b"[" + b",".join(listens) + b"]"
    maloja = json.loads(part("maloja.json", ""))
    yield "maloja", "scrobbles", json.dumps(maloja | {"scrobbles": maloja["scrobbles"][-ROWS:]}).encode()
    pages = json.loads(part("lastfm-pages.json", ""))
    pages[0]["track"] = pages[0]["track"][:ROWS]
    yield "lastfm-json", "pages", json.dumps(pages[:1]).encode()
    yield "lastfm-json", "page", json.dumps({"recenttracks": pages[0]}).encode()
    yield "lastfm-csv", "header", lines(part("lastfm.csv", ""))
    yield (
        "lastfm-csv",
        "milliseconds",
        b'\xef\xbb\xbfArtist;Album;AlbumId;Track;Date#me\n"A; B";"P";"";"T";"1709669550000"\n',
    )
    yield (
        "lastfm-csv",
        "utf-16",
        "uts\tutc_time\tartist\ttrack\r\n1,7E+09\t05 Mar 2024, 20:12\tZ\xe9\tT\r\n".encode("utf-16"),
    )
    scrobble = {"track": "T", "artist": "A", "album": "P", "albumId": "x", "date": 1_709_669_550_000}
    yield "lastfm-json", "milliseconds", json.dumps({"username": "me", "scrobbles": [scrobble]}).encode()
    yield "lastfm-json", "tracks", json.dumps(pages[0]["track"][:ROWS]).encode()
    yield "lastfm-plain-csv", "plain", lines(part("lastfm-without-header.csv", ""))
    yield "youtube-music-json", "english", rows(part("youtube-music.zip", ".json"))
    yield "youtube-music-json", "german", rows(part("youtube-music-german.json", ""))
    page = part("youtube-music-page.html", "")
    yield "youtube-music-html", "page", page[:1_500]
    link = '<a href="https://music.youtube.com/watch?v=x">{}</a>'
    song = f"{link.format('Tide')} angesehen<br>{link.format('Zelvora - Thema')}<br>"
    dates = (
        "05.03.2024, 20:12:30 MEZ",
        "2024. 3. 5. \uc624\ud6c4 8:12:30 KST",
        "5 de mar. de 2024, 8:12:30 p. m. GMT-3",
    )
    cells = "".join(cell("YouTube Music", f"{song}{date}<br/>") for date in dates)
    yield "youtube-music-html", "languages", f"<html><head>mdl-typography</head>{cells}</html>".encode()
    with zipfile.ZipFile(FOLDER / "deezer.xlsx") as book:
        sheet, strings = book.read("xl/worksheets/sheet2.xml"), book.read("xl/sharedStrings.xml")
        short = sheet[: sheet.index(b'<row r="4">')] + b"</sheetData></worksheet>"
        yield "deezer", "book", short + PART + b"</si>".join(strings.split(b"</si>")[:24]) + b"</si></sst>"
    columns = "Song Title;Artist;ISRC;Album Title;IP Address;Listening Time;Platform Name;Platform Model;Date"
    yield "deezer-csv", "semicolons", f"{columns}\nT;A;X;P;x;180;x;x;2024-03-05 20:12:30\nT;A\n".encode()
    small = FOLDER.parent / "small.zip"
    try:
        play = json.loads(part("spotify-endsong.zip", "endsong_1.json"))[:1]
        files = [("a/endsong_0.json", json.dumps(play).encode()), ("b/Userdata.json", b"{}")]
        yield "archive", "zip", write_zip(files, small).read_bytes()
        yield "archive", "nested", write_zip([("x.zip", small.read_bytes()), files[0]], small).read_bytes()
        yield "archive", "gzip", gzip.compress(files[0][1], mtime=0)
    finally:
        small.unlink(missing_ok=True)
    yield "heart-rate", "table", b"time,bpm\n2024-03-05T20:12:30Z,61\n2024-03-05 20:12:35,62\n1709669560,63\n"


def main() -> None:
    for target, name, data in seeds():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"seed-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
