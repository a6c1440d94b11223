"""A file of an export: named, sized, and read through a stream that ends where it should."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from ..errors import ExportError
from .names import printable

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
    struct.error,
    ValueError,
    NotImplementedError,
)


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


@dataclass(frozen=True, slots=True)
class ExportEntry:
    """One file of an export. `name` is its path inside, with `/`; `size` its length in bytes once unpacked."""

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


class Bounded(io.RawIOBase):
    """A stream cut at `size` bytes whose every failure is an `ExportError` that names the entry."""

    def __init__(self, inner: BinaryIO, name: str, size: int, spend: Callable[[int], None]) -> None:
        self._inner, self._name, self._left, self._spend = inner, name, size, spend

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._left)
        data = guarded(lambda: self._inner.read(wanted), self._name)
        if wanted and not data:
            raise ExportError(f"The file {printable(self._name)!r} ends before its stated size; it was cut short.")
        buffer[: len(data)] = data
        self._left -= len(data)
        self._spend(len(data))
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


def guarded(action: Callable[[], bytes], name: str) -> bytes:
    """Run one read; a damaged archive or disk becomes one sentence."""
    try:
        return action()
    except RuntimeError as error:  # zipfile's answer to an encrypted entry
        raise ExportError(f"The entry {printable(name)!r} is encrypted; a service's own export is not.") from error
    except BROKEN as error:
        raise ExportError(f"The entry {printable(name)!r} is damaged; the archive was cut short or altered.") from error
    except OSError as error:
        raise ExportError(f"The file {printable(name)!r} cannot be read ({error.strerror or 'I/O error'}).") from error
