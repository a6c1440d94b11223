"""Hosts of the validators' index log, in this process: an honest one, and ones that try what a host can try."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from unwrapped_dao.errors import IndexUnavailableError, UntrustedDataError
from unwrapped_dao.validation.log import Entry, IndexLog

GENESIS = bytes(32)


class MemoryHost:
    """Honest. `bend` may change what it gives out; `away` makes it unreachable, `lose_answers` only its answers."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.log = IndexLog(self.db, GENESIS)
        self.bend: Callable[[list[Entry]], list[Entry]] = list
        self.away = False
        self.lose_answers = 0
        self.asked = 0
        self.before_append: Callable[[], None] | None = None

    def entries(self, after: int, head: bytes) -> Sequence[Entry]:
        self._reach()
        if self.log.head_at(after) != head:
            raise UntrustedDataError("another history")
        return self.bend(list(self.log.after(after, 200_000)))

    def append(self, entry: Entry) -> bool:
        if self.before_append is not None:
            hook, self.before_append = self.before_append, None
            hook()
        self._reach()
        there = self.log.head_at(entry.position)
        if there is None:
            previous = self.log.head_at(entry.position - 1)
            assert previous is not None
            there = self.log.append(entry)
        if self.lose_answers:
            self.lose_answers -= 1
            raise IndexUnavailableError("the answer was lost")
        before = self.log.head_at(entry.position - 1)
        return before is not None and there == entry.head(before)

    def _reach(self) -> None:
        self.asked += 1
        if self.away:
            raise IndexUnavailableError("away")


def forged(entries: list[Entry]) -> list[Entry]:
    """A body of its own making."""
    return [msgspec.structs.replace(entry, body=b"x" * 60) for entry in entries]


def redigested(entries: list[Entry]) -> list[Entry]:
    """The same, with the digest that fits."""
    import hashlib

    body = b"x" * 60
    return [msgspec.structs.replace(entry, body=body, digest=hashlib.sha256(body).digest()) for entry in entries]


def erased(entries: list[Entry]) -> list[Entry]:
    """A body that nobody freed is gone."""
    return [msgspec.structs.replace(entries[0], body=b""), *entries[1:]] if entries else []


def freeing(entries: list[Entry]) -> list[Entry]:
    """The last entry frees the first."""
    return [*entries[:-1], msgspec.structs.replace(entries[-1], frees=(1,))] if len(entries) > 1 else entries


def swapped(entries: list[Entry]) -> list[Entry]:
    """Two entries in the other order, renumbered."""
    if len(entries) < 2:
        return entries
    first, second, *rest = entries
    return [
        msgspec.structs.replace(second, position=first.position),
        msgspec.structs.replace(first, position=second.position),
        *rest,
    ]


def skipping(entries: list[Entry]) -> list[Entry]:
    """The first one left out, the others renumbered."""
    return [msgspec.structs.replace(entry, position=entry.position - 1) for entry in entries[1:]]


def repeated(entries: list[Entry]) -> list[Entry]:
    """The first one twice."""
    if not entries:
        return entries
    return [entries[0], *(msgspec.structs.replace(entry, position=entry.position + 1) for entry in entries)]


def resigned(entries: list[Entry]) -> list[Entry]:
    """Somebody else's name on it."""
    return [msgspec.structs.replace(entry, writer="0x" + "99" * 20) for entry in entries]


BENDS = {f.__name__: f for f in (forged, redigested, erased, freeing, swapped, skipping, repeated, resigned)}
