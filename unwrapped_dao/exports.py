"""Reads the files strangers send: a zip, a folder or a single file, never trusted and never unpacked to disk.

An `Export` is an ordered list of named entries, each with a known size and a stream that ends there.
Nothing of
an entry is read before it is asked for, so a caller that matches names first never opens what it does not
need.

Refused with an `ExportError`: archives that are encrypted, cut short, or not zips; names that climb out of the
archive; links and special files; and, when it is read, what is too large or too well compressed to be honest. An
archive of all that somebody has in the cloud may be huge and hold anything, so what nobody reads counts for nothing,
and an archive inside it that cannot be opened is named in `Export.unopened` instead of losing the rest.

Not here: what the entries mean (that is a kind's sources).
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, Final, Self

from .errors import ExportError

ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
    struct.error,
    ValueError,
    NotImplementedError,
)
# Small, highly repetitive files reach any ratio honestly; a bomb is large when unpacked.
_RATIO_MATTERS_FROM: Final = 4 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"
_OTHER_ARCHIVES: Final = {b"Rar!": "RAR", b"7z\xbc\xaf": "7z", b"\xfd7zXZ": "xz", b"BZh": "bzip2"}
_DOWNLOAD_AGAIN: Final = "Download it again: a complete one opens on this computer, too."
_UNPACK: Final = "Unpack it, and give the folder that comes out; or ask the service for a zip."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a stranger's file may ask of this machine; sizes in bytes, after decompression.

    A lifetime of listening is about 130 MB in 10 entries; the archive of a whole cloud account has a line for each
    photograph. `total_bytes` is what may be read, not what lies there. Deflate cannot exceed a ratio of 1,032; JSON
    histories reach about 40.
    """

    entries: int = 200_000
    entry_bytes: int = 512 << 20
    total_bytes: int = 4 << 30
    nested_bytes: int = 256 << 20
    ratio: int = 200
    depth: int = 3
    name_chars: int = 1024


DEFAULT_LIMITS: Final = Limits()


def printable(name: str) -> str:
    """`name` made safe for a terminal and short: a stranger chose it."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return clean if len(clean) <= 120 else clean[:117] + "..."


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `history_10` follows `history_9`, the same on every machine."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.lower())
    return tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p) for p in parts)


@dataclass(frozen=True, slots=True)
class ExportEntry:
    """One file of an export. `name` is its path inside, with `/`; `size` its length in bytes once
    unpacked.
    """

    name: str
    size: int
    _open: Callable[[], BinaryIO] = field(repr=False, compare=False)

    @property
    def base_name(self) -> str:
        """The last part of the name, without folders."""
        return PurePosixPath(self.name).name

    def open(self) -> BinaryIO:
        """A stream of exactly `size` bytes. Reading raises `ExportError` if the archive is damaged."""
        return self._open()

    def read(self) -> bytes:
        """The whole entry; its size was checked against the limits when the export was opened."""
        with self.open() as stream:
            return stream.read(self.size)

    def head(self, count: int = 4096) -> bytes:
        """The first `count` bytes, for telling formats apart."""
        with self.open() as stream:
            return stream.read(min(count, self.size))


class _Bounded(io.RawIOBase):
    """A stream cut at `size` bytes whose every failure is an `ExportError` that names the entry."""

    def __init__(self, inner: BinaryIO, name: str, size: int, spend: Callable[[int], None]) -> None:
        self._inner, self._name, self._left, self._spend = inner, name, size, spend

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._left)
        data = _guard(lambda: self._inner.read(wanted), self._name)
        if wanted and not data:
            raise ExportError(f"The file {printable(self._name)!r} ends before its stated size; it was cut short.")
        buffer[: len(data)] = data
        self._left -= len(data)
        self._spend(len(data))
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _guard(action: Callable[[], bytes], name: str) -> bytes:
    """Run one read; a damaged archive or disk becomes one sentence."""
    try:
        return action()
    except RuntimeError as error:  # zipfile's answer to an encrypted entry
        raise ExportError(f"The entry {printable(name)!r} is encrypted; a service's own export is not.") from error
    except _BROKEN_ZIP as error:
        raise ExportError(f"The entry {printable(name)!r} is damaged; the archive was cut short or altered.") from error
    except OSError as error:
        raise ExportError(f"The file {printable(name)!r} cannot be read ({error.strerror or 'I/O error'}).") from error


class Export:
    """An opened export: a context manager over its ordered entries.

    >>> with Export.open("my_spotify_data.zip") as export:
    ...     [entry.name for entry in export.entries]

    `unopened` are the archives inside that could not be opened, with the reason as a sentence.
    """

    def __init__(
        self, label: str, entries: tuple[ExportEntry, ...], stack: ExitStack, unopened: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.label = label
        self.entries = entries
        self.unopened = unopened
        self._stack = stack

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Open a zip, a folder or one file. Raises `ExportError` with one sentence when it is unsafe or
        absent.
        """
        source = Path(path)
        label = printable(source.name or str(source))
        with ExitStack() as stack:
            try:
                mode = source.stat().st_mode
            except (OSError, ValueError) as error:
                raise ExportError(f"There is no readable file or folder at {printable(str(source))!r}.") from error
            if stat.S_ISDIR(mode):
                found = _from_folder(source, limits)
            elif stat.S_ISREG(mode):
                found = [_file_entry(source, source.name, limits)]
            else:
                raise ExportError(f"{label!r} is neither a file nor a folder.")
            budget = _Budget(limits)
            alone = not stat.S_ISDIR(mode)
            entries = [e for entry in found for e in budget.expand(entry, stack, prefixed=not alone)]
            if budget.unopened and not entries:
                raise ExportError(budget.unopened[0][1], hint=_DOWNLOAD_AGAIN)
            entries.sort(key=lambda entry: (natural_key(entry.name), entry.name))
            return cls(label, tuple(entries), stack.pop_all(), tuple(budget.unopened))

    @classmethod
    def inside(cls, entry: ExportEntry, *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Open an entry that is itself an archive under another name (a spreadsheet), with the same care."""
        with ExitStack() as stack:
            if entry.size > limits.nested_bytes:
                raise ExportError(f"The archive {printable(entry.name)!r} is absurdly large.")
            budget = _Budget(limits)
            entries = budget.unzip(entry, stack, depth=1, prefix="")
            return cls(printable(entry.base_name), tuple(entries), stack.pop_all())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the archives behind the entries; entries cannot be read afterwards."""
        self._stack.close()

    def __repr__(self) -> str:
        return f"<Export {self.label!r}, {len(self.entries)} entries>"


class _Budget:
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
        except (*_BROKEN_ZIP, RuntimeError, OSError) as error:
            raise ExportError(
                f"The zip {printable(entry.name)!r} is damaged or was cut short.", hint=_DOWNLOAD_AGAIN
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
            bounded = _Bounded(gzip.GzipFile(fileobj=entry.open()), name, size, self._spend)  # type: ignore[arg-type]
            return io.BufferedReader(bounded, 1 << 16)

        size = 0
        with gzip.GzipFile(fileobj=entry.open()) as stream:
            while chunk := _guard(lambda: stream.read(1 << 16), entry.name):
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
    """By content; where there are several files also by name, so that no file is opened that nobody asked for."""
    if entry.size < 22 or (named and not entry.name.lower().endswith(".zip")):
        return False
    # A spreadsheet is a zip, too, and stays whole.
    return not entry.name.lower().endswith(".xlsx") and entry.head(4).startswith(ZIP_MAGICS)


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
        except (*_BROKEN_ZIP, OSError) as error:
            raise ExportError(
                f"The entry {shown!r} is damaged; the archive was cut short or altered.", hint=_DOWNLOAD_AGAIN
            ) from error
        return io.BufferedReader(_Bounded(inner, name, info.file_size, spend), 1 << 16)  # type: ignore[arg-type]

    return ExportEntry(name, info.file_size, opener)


def _refuse_overlaps(name: str, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse archives whose entries share bytes (D. Fifield, "A better zip bomb", 2019)."""
    end = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        if info.header_offset < end:
            raise ExportError(f"The zip {printable(name)!r} has overlapping entries: a zip bomb; refused.")
        end = info.header_offset + 30 + info.compress_size


def _from_folder(folder: Path, limits: Limits) -> list[ExportEntry]:
    """The regular files below `folder`; links are refused, not followed."""
    found: list[ExportEntry] = []

    def complain(error: OSError) -> None:
        raise ExportError(f"A folder inside {printable(folder.name)!r} cannot be listed.") from error

    for here, folders, files in os.walk(folder, followlinks=False, onerror=complain):
        for name in [*folders, *files]:
            path = Path(here, name)
            shown = printable(path.relative_to(folder).as_posix())
            try:
                mode = path.lstat().st_mode
            except OSError as error:
                raise ExportError(f"The file {shown!r} cannot be read.") from error
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise ExportError(f"{shown!r} in the folder is a link or a special file; refused.")
            found.append(_file_entry(path, path.relative_to(folder).as_posix(), limits))
            if len(found) > limits.entries:
                raise ExportError(f"The folder has more than {limits.entries} files; that is no single export.")
    return found


def _file_entry(path: Path, name: str, limits: Limits) -> ExportEntry:
    size = path.stat().st_size
    # The outermost zip is not an entry itself: what counts is what is read of it.
    bounded = not name.lower().endswith(".zip")

    def opener() -> BinaryIO:
        if bounded and size > limits.entry_bytes:
            raise ExportError(f"The file {printable(name)!r} is larger than {limits.entry_bytes >> 20} MB; refused.")
        try:
            # O_NOFOLLOW would refuse the user's own link to a file given directly; folders were checked
            # above.
            return path.open("rb")
        except OSError as error:
            raise ExportError(f"The file {printable(name)!r} cannot be read.") from error

    return ExportEntry(name, size, opener)
