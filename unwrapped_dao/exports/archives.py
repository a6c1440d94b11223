"""Opens zips, zips in zips and single compressed files, within limits and without unpacking them to disk."""

from __future__ import annotations

import gzip
import io
import re
import stat
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from typing import BinaryIO, Final

from ..errors import ExportError
from .entries import BROKEN, Bounded, ExportEntry, Limits, guarded
from .names import printable

ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# Small, highly repetitive files reach any ratio honestly; a bomb is large when unpacked.
_RATIO_MATTERS_FROM: Final = 4 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"
_OTHER_ARCHIVES: Final = {b"Rar!": "RAR", b"7z\xbc\xaf": "7z", b"\xfd7zXZ": "xz", b"BZh": "bzip2",
                          b"\x28\xb5\x2f\xfd": "Zstandard"}  # fmt: skip
DOWNLOAD_AGAIN: Final = "Download it again: a complete one opens on this computer, too."
_BEFORE_A_PAGE: Final = b"\xef\xbb\xbf \r\n\t"
_A_PAGE: Final = "The browser saved the page that asks you to sign in: sign in, then download it again."
_UNPACK: Final = "Unpack it, and give the folder that comes out; or ask the service for a zip."


class Budget:
    """Counts entries, and bytes as they are read, over an export and every archive inside it."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._entries, self._bytes, self._held = limits, 0, 0, 0
        self.unopened: list[tuple[str, str]] = []

    def expand(
        self, entry: ExportEntry, stack: ExitStack, depth: int = 0, *, prefixed: bool = True
    ) -> list[ExportEntry]:
        """The entry itself or, when it is an archive, what is inside it."""
        if _is_gzip(entry, named=prefixed):
            return [self._gunzipped(entry)]
        if not _is_zip(entry, named=prefixed):
            if not prefixed:
                _refuse_other_archives(entry)
            self._count()
            return [entry]
        if not prefixed:
            return self.unzip(entry, stack, depth, "")
        with ExitStack() as inner:
            try:
                found = self.unzip(entry, inner, depth, f"{entry.name}/")
            except ExportError as error:
                self.unopened.append((entry.name, error.message))
                return []
            stack.push(inner.pop_all())
            return found

    def unzip(self, entry: ExportEntry, stack: ExitStack, depth: int, prefix: str) -> list[ExportEntry]:
        """What is inside an archive, and inside the archives in it."""
        if depth >= self._limits.depth:
            raise ExportError(f"The archive {printable(entry.name)!r} is nested more than {self._limits.depth} deep.")
        # An outer archive is read in place; those inside another have to be held in memory.
        if depth and self._held + entry.size > self._limits.nested_bytes:
            raise ExportError(f"The archives inside the export, as {printable(entry.name)!r}, are absurdly large.")
        self._held += entry.size if depth else 0
        stream = stack.enter_context(entry.open() if depth == 0 else io.BytesIO(entry.read()))
        try:
            archive = stack.enter_context(zipfile.ZipFile(stream))
        except (*BROKEN, RuntimeError, OSError) as error:
            if entry.head(512).lstrip(_BEFORE_A_PAGE).lower().startswith((b"<!doctype html", b"<html")):
                raise ExportError(f"{printable(entry.name)!r} is no zip but a web page.", hint=_A_PAGE) from error
            raise ExportError(
                f"The zip {printable(entry.name)!r} is damaged or was cut short.", hint=DOWNLOAD_AGAIN
            ) from error
        infos = archive.infolist()
        if self._entries + len(infos) > self._limits.entries:
            raise ExportError(f"The zip {printable(entry.name)!r} has more than {self._limits.entries} entries.")
        _refuse_overlaps(entry.name, infos)
        inner = [_zip_entry(archive, info, prefix, self._limits, self._spend) for info in infos]
        return [found for one in inner if one is not None for found in self.expand(one, stack, depth + 1)]

    def _gunzipped(self, entry: ExportEntry) -> ExportEntry:
        """A file that was compressed alone. Its size is not told before its end, so it is counted first."""
        self._count()
        name = entry.name[:-3] if entry.name.lower().endswith(".gz") else entry.name
        shown, limits = printable(entry.name), self._limits

        def opener(size: int) -> BinaryIO:
            bounded = Bounded(gzip.GzipFile(fileobj=entry.open()), name, size, self._spend)  # type: ignore[arg-type]
            return io.BufferedReader(bounded, 1 << 16)

        size = 0
        with gzip.GzipFile(fileobj=entry.open()) as stream:
            while chunk := guarded(lambda: stream.read(1 << 16), entry.name):
                if not size and chunk[257:262] == b"ustar":
                    raise ExportError(f"The file {shown!r} is a tar archive, which is not read.", hint=_UNPACK)
                size += len(chunk)
                if size > limits.entry_bytes or size > max(_RATIO_MATTERS_FROM, limits.ratio * entry.size):
                    raise ExportError(f"The file {shown!r} unpacks to absurdly much; refused.")
        return ExportEntry(name, size, lambda: opener(size))

    def _count(self) -> None:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise ExportError(f"The export has more than {self._limits.entries} files; that is no single export.")

    def _spend(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._limits.total_bytes:
            raise ExportError(f"The export unpacks to more than {self._limits.total_bytes >> 20} MB; refused.")


def _is_gzip(entry: ExportEntry, *, named: bool) -> bool:
    """By content; where there are several files also by name, and then JSON or CSV only."""
    if named and not entry.name.lower().endswith((".json.gz", ".csv.gz", ".jsonl.gz")):
        return False
    return entry.size >= 18 and entry.head(2) == _GZIP_MAGIC


def _refuse_other_archives(entry: ExportEntry) -> None:
    """Say of a single file that it is an archive of another kind, rather than that it holds no plays."""
    head = entry.head(512)
    found = next((name for magic, name in _OTHER_ARCHIVES.items() if head.startswith(magic)), None)
    if found or head[257:262] == b"ustar":
        raise ExportError(f"{printable(entry.name)!r} is a {found or 'tar'} archive, which is not read.", hint=_UNPACK)


def _is_zip(entry: ExportEntry, *, named: bool) -> bool:
    """By content; where there are several files also by name, so that no file is opened that nobody asked for.

    A single file that is called a zip is taken for one: if it is none, its download failed.
    """
    name = entry.name.lower()
    if not named and name.endswith(".zip"):
        return True
    if entry.size < 22 or (named and not name.endswith(".zip")):
        return False
    # A spreadsheet is a zip, too, and stays whole.
    return not name.endswith(".xlsx") and entry.head(4).startswith(ZIP_MAGICS)


def _safe_name(raw: str, limits: Limits) -> str:
    """The name of an entry, or an `ExportError` if it could point outside its archive."""
    name = raw.replace("\\", "/")
    parts = name.split("/")
    climbs = name.startswith("/") or ".." in parts or "\0" in name or re.match(r"[A-Za-z]:", name)
    if not name or climbs:
        raise ExportError(f"The entry {printable(raw)!r} points outside the export (path traversal); refused.")
    if len(name) > limits.name_chars:
        raise ExportError(f"The export has an entry whose name is longer than {limits.name_chars} characters.")
    return "/".join(part for part in parts if part not in ("", "."))


def _zip_entry(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, prefix: str, limits: Limits, spend: Callable[[int], None]
) -> ExportEntry | None:
    """One member of a zip after every check that its directory allows; None for a folder."""
    name = prefix + _safe_name(info.filename, limits)
    shown = printable(name)
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ExportError(f"The entry {shown!r} is a link or a special file; refused.")
    if info.is_dir() or info.filename.endswith("\\"):
        return None
    if info.flag_bits & 0x1:
        raise ExportError(
            f"The entry {shown!r} is encrypted; a service's own export is not.",
            hint="Unlock the zip with its password first and give the unlocked copy.",
        )

    def opener() -> BinaryIO:
        if info.file_size > limits.entry_bytes:
            raise ExportError(f"The entry {shown!r} unpacks to more than {limits.entry_bytes >> 20} MB; refused.")
        if info.file_size > _RATIO_MATTERS_FROM and info.file_size > limits.ratio * max(1, info.compress_size):
            raise ExportError(f"The entry {shown!r} is compressed more than {limits.ratio} times: a zip bomb; refused.")
        try:
            inner = archive.open(info)
        except RuntimeError as error:
            raise ExportError(f"The entry {shown!r} is encrypted; a service's own export is not.") from error
        except (*BROKEN, OSError) as error:
            raise ExportError(
                f"The entry {shown!r} is damaged; the archive was cut short or altered.", hint=DOWNLOAD_AGAIN
            ) from error
        return io.BufferedReader(Bounded(inner, name, info.file_size, spend), 1 << 16)  # type: ignore[arg-type]

    return ExportEntry(name, info.file_size, opener)


def _refuse_overlaps(name: str, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse archives whose entries share bytes (D. Fifield, "A better zip bomb", 2019)."""
    end = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        if info.header_offset < end:
            raise ExportError(f"The zip {printable(name)!r} has overlapping entries: a zip bomb; refused.")
        end = info.header_offset + 30 + info.compress_size
