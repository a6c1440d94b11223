"""Looking after a pool: everything in it stays pinned, and a pin that was never made is noticed.

A node that answers "pinned" has said so, no more. `pin_all` and `check` therefore read the list of pins
back, and `check(deep=True)` reads and re-hashes every byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import ContentMismatchError, NotFoundError, StorageUnavailableError
from .cid import CID
from .interfaces import ContentReader, ContentStore
from .reader import verify


@dataclass(frozen=True, slots=True)
class PinReport:
    """What became of each CID asked about.

    The four tuples share none and together hold all, in the order asked.
    """

    pinned: tuple[CID, ...]
    unpinned: tuple[CID, ...]  # it is there, but nothing keeps it
    missing: tuple[CID, ...]  # not there, or not all of it
    damaged: tuple[CID, ...]  # other bytes came than the CID names; only a deep check finds these

    @property
    def complete(self) -> bool:
        return not (self.unpinned or self.missing or self.damaged)


def check(store: ContentStore, cids: Iterable[CID], *, deep: bool = False) -> PinReport:
    """Which of `cids` the store pins. `deep` also reads and re-hashes all of it, on this machine.

    Raises StorageUnavailableError if the store does not answer: silence is no finding.
    """
    pins = store.pins()
    found: dict[str, list[CID]] = {"pinned": [], "unpinned": [], "missing": [], "damaged": []}
    for cid in dict.fromkeys(cids):
        found[_state(store, cid, pins, deep)].append(cid)
    return PinReport(**{state: tuple(members) for state, members in found.items()})


def pin_all(store: ContentStore, cids: Iterable[CID]) -> PinReport:
    """Pin each of `cids` that is not pinned yet, then ask the store what it pins.

    What is missing is reported, not raised.
    """
    wanted = list(dict.fromkeys(cids))
    pins = store.pins()
    for cid in wanted:
        if cid not in pins:
            try:
                store.pin(cid)
            except NotFoundError:
                continue  # the check below reports it
    return check(store, wanted)


def republish(
    store: ContentStore, cids: Iterable[CID], sources: Sequence[ContentReader], *, deep: bool = False
) -> PinReport:
    """Bring each of `cids` back into `store`, pinned: from `sources` in order if missing or damaged.

    Give the sources that have it: a member's or another keeper's store, gateways, a CAR file. What no
    source has is reported.
    """
    wanted = list(dict.fromkeys(cids))
    before = check(store, wanted, deep=deep)
    for cid in before.missing + before.damaged:
        _copy(cid, sources, store)
    pin_all(store, wanted)
    return check(store, wanted, deep=deep)


def _copy(cid: CID, sources: Sequence[ContentReader], store: ContentStore) -> None:
    """Publish `cid` in `store` from the first source that has it; raises if silence left it unknown."""
    silence: StorageUnavailableError | None = None
    for source in sources:
        try:
            with source.fetch(cid) as stream:
                store.publish(stream)
            return
        except StorageUnavailableError as error:  # of the source, or of the store, which then fails again
            silence = error
        except (NotFoundError, ContentMismatchError):
            continue  # the next source; if none has it, the report says so
    if silence is not None:
        raise silence


def _state(store: ContentStore, cid: CID, pins: frozenset[CID], deep: bool) -> str:
    if not deep and not store.has(cid):
        return "missing"
    if deep:
        try:
            verify(store, cid)
        except NotFoundError:
            return "missing"
        except ContentMismatchError:
            return "damaged"
    return "pinned" if cid in pins else "unpinned"
