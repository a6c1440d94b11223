"""Several places asked as one: the first verified answer counts; whoever failed is named, and asked last from then on.

Any mix of stores, nodes, gateways and CAR files. Verification makes the order a matter of speed only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ..errors import (
    ContentMismatchError,
    NotFoundError,
    SettingsError,
    StorageUnavailableError,
    UnwrappedError,
)
from .cid import CID
from .interfaces import ContentReader
from .reader import open_content


@dataclass(frozen=True, slots=True)
class Failure:
    """One refusal or silence. `lied` means that other bytes came than were asked for."""

    source: str
    message: str
    lied: bool


class Sources:
    """A `ContentReader` over several.

    `failures` tells who failed since the start, once per source and message.
    """

    def __init__(self, sources: Sequence[ContentReader]) -> None:
        if not sources:
            raise SettingsError("No place to read content from was given.", hint="Name a store, a node or a gateway.")
        self._sources = list(sources)
        self.failures: list[Failure] = []

    @property
    def name(self) -> str:
        return " or ".join(source.name for source in self._sources)

    def block(self, cid: CID) -> bytes:
        """One verified block from the first that gives it.

        If none does, the error names each of them and its reason.
        """
        refusals: list[UnwrappedError] = []
        for source in list(self._sources):
            try:
                return source.block(cid)
            except NotFoundError as error:
                refusals.append(error)
            except (ContentMismatchError, StorageUnavailableError) as error:
                refusals.append(error)
                self._note(source, error)
        message = f"Nobody gave {cid}: " + " ".join(error.message for error in refusals)
        for kind in (StorageUnavailableError, ContentMismatchError):  # silence may pass, so it outranks a lie
            if any(isinstance(error, kind) for error in refusals):
                raise kind(message)
        raise NotFoundError(message)

    def fetch(self, cid: CID, *, max_bytes: int | None = None) -> BinaryIO:
        return open_content(self.block, cid, max_bytes=max_bytes)

    def has(self, cid: CID) -> bool:
        """Whether one of them says it has all of it; who fails to answer is noted, not raised."""
        for source in list(self._sources):
            try:
                if source.has(cid):
                    return True
            except (ContentMismatchError, StorageUnavailableError) as error:
                self._note(source, error)
        return False

    def _note(self, source: ContentReader, error: UnwrappedError) -> None:
        failure = Failure(source.name, error.message, isinstance(error, ContentMismatchError))
        if failure not in self.failures:
            self.failures.append(failure)
        self._sources.remove(source)
        self._sources.append(source)
