"""Reads the files strangers send: a zip, a folder or a single file, never trusted and never unpacked to disk.

An `Export` is an ordered list of named entries, each with a known size and a stream that ends there. Nothing of an
entry is read before it is asked for, so a caller that matches names first never opens what it does not need.

Refused with an `ExportError`: archives that are encrypted, cut short, or not zips; names that climb out of the
archive; links and special files; and, when it is read, what is too large or too well compressed to be honest. An
archive of all that somebody has in the cloud may be huge and hold anything, so what nobody reads counts for nothing,
and an archive inside it that cannot be opened is named in `Export.unopened` instead of losing the rest.

Not here: what the entries mean (that is a kind's sources).
"""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Self

from ..errors import ExportError
from .archives import DOWNLOAD_AGAIN, Budget
from .entries import DEFAULT_LIMITS, ExportEntry, Limits
from .names import natural_key, printable, visible

__all__ = ["DEFAULT_LIMITS", "Export", "ExportEntry", "Limits", "natural_key", "printable", "visible"]


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
        """Open a zip, a folder or one file. Raises `ExportError` with one sentence when it is unsafe or absent."""
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
            budget = Budget(limits)
            alone = not stat.S_ISDIR(mode)
            entries = [e for entry in found for e in budget.expand(entry, stack, prefixed=not alone)]
            if budget.unopened and not entries:
                raise ExportError(budget.unopened[0][1], hint=DOWNLOAD_AGAIN)
            entries.sort(key=lambda entry: (natural_key(entry.name), entry.name))
            return cls(label, tuple(entries), stack.pop_all(), tuple(budget.unopened))

    @classmethod
    def inside(cls, entry: ExportEntry, *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Open an entry that is itself an archive under another name (a spreadsheet), with the same care."""
        with ExitStack() as stack:
            if entry.size > limits.nested_bytes:
                raise ExportError(f"The archive {printable(entry.name)!r} is absurdly large.")
            budget = Budget(limits)
            entries = budget.unzip(entry, stack, depth=1, prefix="")
            return cls(printable(entry.base_name), tuple(entries), stack.pop_all())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the archives behind the entries; entries cannot be read afterwards."""
        self._stack.close()

    def __repr__(self) -> str:
        return f"<Export {self.label!r}, {len(self.entries)} entries>"


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
