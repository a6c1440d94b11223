"""Reads the files strangers send: a zip, a folder or a single file, never trusted and never unpacked to disk.

An `Export` is an ordered list of named entries, each with a known size and a stream that ends there.
Nothing of
an entry is read before it is asked for, so a caller that matches names first never opens what it does not
need.

Refused with an `ExportError`: archives that are encrypted, cut short, nested too deep, too many, too large or
too well compressed to be honest; names that climb out of the archive; links and special files.

Not here: what the entries mean (that is a kind's sources).
"""

from __future__ import annotations

import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
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
    EOFError,
    struct.error,
    ValueError,
    NotImplementedError,
)
# Small, highly repetitive files reach any ratio honestly; a bomb is large when unpacked.
_RATIO_MATTERS_FROM: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a stranger's file may ask of this machine; sizes in bytes, after decompression.

    A lifetime of listening is about 130 MB in 10 entries; the largest account archive seen had 3,000 entries.
    Deflate cannot exceed a ratio of 1,032; JSON histories reach about 40.
    """

    entries: int = 20_000
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

    def __init__(self, inner: BinaryIO, name: str, size: int) -> None:
        self._inner, self._name, self._left = inner, name, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._left)
        data = _guard(lambda: self._inner.read(wanted), self._name)
        if wanted and not data:
            raise ExportError(f"The file {printable(self._name)!r} ends before its stated size; it was cut short.")
        buffer[: len(data)] = data
        self._left -= len(data)
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
    """

    def __init__(self, label: str, entries: tuple[ExportEntry, ...], stack: ExitStack) -> None:
        self.label = label
        self.entries = entries
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
            entries.sort(key=lambda entry: (natural_key(entry.name), entry.name))
            return cls(label, tuple(entries), stack.pop_all())

    @classmethod
    def inside(cls, entry: ExportEntry, *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Open an entry that is itself an archive under another name (a spreadsheet), with the same care."""
        with ExitStack() as stack:
            if entry.size > limits.nested_bytes:
                raise ExportError(f"The archive {printable(entry.name)!r} is absurdly large.")
            budget = _Budget(limits)
            entries = list(budget.unzip(entry, stack, depth=1, prefix=""))
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
    """Counts entries and bytes over an export and every archive inside it."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._entries, self._bytes = limits, 0, 0

    def expand(
        self, entry: ExportEntry, stack: ExitStack, depth: int = 0, *, prefixed: bool = True
    ) -> Iterator[ExportEntry]:
        """The entry itself or, when it is an archive, what is inside it."""
        if not _is_zip(entry, named=prefixed):
            self._count(entry)
            yield entry
            return
        yield from self.unzip(entry, stack, depth, f"{entry.name}/" if prefixed else "")

    def unzip(self, entry: ExportEntry, stack: ExitStack, depth: int, prefix: str) -> Iterator[ExportEntry]:
        """What is inside an archive, and inside the archives in it."""
        if depth >= self._limits.depth:
            raise ExportError(f"The archive {printable(entry.name)!r} is nested more than {self._limits.depth} deep.")
        if depth and entry.size > self._limits.nested_bytes:
            raise ExportError(f"The archive {printable(entry.name)!r} inside the export is absurdly large.")
        # An outer archive is read in place; one inside another has to be held in memory, so it is bounded
        # above.
        stream = stack.enter_context(entry.open() if depth == 0 else io.BytesIO(entry.read()))
        try:
            archive = stack.enter_context(zipfile.ZipFile(stream))
        except (*_BROKEN_ZIP, RuntimeError, OSError) as error:
            raise ExportError(f"The zip {printable(entry.name)!r} is damaged or was cut short.") from error
        infos = archive.infolist()
        if self._entries + len(infos) > self._limits.entries:
            raise ExportError(f"The zip {printable(entry.name)!r} has more than {self._limits.entries} entries.")
        _refuse_overlaps(entry.name, infos)
        for info in infos:
            inner = _zip_entry(archive, info, prefix, self._limits)
            if inner is not None:
                yield from self.expand(inner, stack, depth + 1)

    def _count(self, entry: ExportEntry) -> None:
        self._entries += 1
        self._bytes += entry.size
        if self._entries > self._limits.entries:
            raise ExportError(f"The export has more than {self._limits.entries} files; that is no single export.")
        if self._bytes > self._limits.total_bytes:
            raise ExportError(f"The export unpacks to more than {self._limits.total_bytes >> 20} MB; refused.")


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


def _zip_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, prefix: str, limits: Limits) -> ExportEntry | None:
    """One member of a zip after every check that its directory allows; None for a folder."""
    name = prefix + _safe_name(info.filename, limits)
    shown = printable(name)
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ExportError(f"The entry {shown!r} is a link or a special file; refused.")
    if info.is_dir():
        return None
    if info.flag_bits & 0x1:
        raise ExportError(
            f"The entry {shown!r} is encrypted; a service's own export is not.",
            hint="Unlock the zip with its password first and give the unlocked copy.",
        )
    if info.file_size > limits.entry_bytes:
        raise ExportError(f"The entry {shown!r} unpacks to more than {limits.entry_bytes >> 20} MB; refused.")
    if info.file_size > _RATIO_MATTERS_FROM and info.file_size > limits.ratio * max(1, info.compress_size):
        raise ExportError(f"The entry {shown!r} is compressed more than {limits.ratio} times: a zip bomb; refused.")

    def opener() -> BinaryIO:
        try:
            inner = archive.open(info)
        except RuntimeError as error:
            raise ExportError(f"The entry {shown!r} is encrypted; a service's own export is not.") from error
        except (*_BROKEN_ZIP, OSError) as error:
            raise ExportError(f"The entry {shown!r} is damaged; the archive was cut short or altered.") from error
        return io.BufferedReader(_Bounded(inner, name, info.file_size), 1 << 16)  # type: ignore[arg-type]

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
    # The outermost zip is not an entry itself: what counts is what it unpacks to, checked entry by entry.
    if size > max(limits.entry_bytes, limits.total_bytes if name.lower().endswith(".zip") else 0):
        raise ExportError(f"The file {printable(name)!r} is larger than {limits.entry_bytes >> 20} MB; refused.")

    def opener() -> BinaryIO:
        try:
            # O_NOFOLLOW would refuse the user's own link to a file given directly; folders were checked
            # above.
            return path.open("rb")
        except OSError as error:
            raise ExportError(f"The file {printable(name)!r} cannot be read.") from error

    return ExportEntry(name, size, opener)
