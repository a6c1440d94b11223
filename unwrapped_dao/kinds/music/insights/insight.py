"""What an insight is: a named question about a listening history, with a frozen value for an answer.

Adding one is a file with a value, a function `History -> value` and `NAME: Final = HistoryInsight(...)`, a line in
`INSIGHTS`, and, to be seen, a section in `report/sections`.
An answer that the file cannot give is `NotInFile`, never a guess.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

from ..listens import Listens
from .history import History

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class NotInFile:
    """The file does not hold what this would take; `reason` says what, in one sentence."""

    reason: str


@runtime_checkable
class Insight(Protocol[T_co]):
    """A question about a history. The same listens and time zone always give an equal value."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def compute(self, listens: Listens, timezone: str | dt.tzinfo | None = None) -> T_co:
        """The answer from listens; without a time zone, one is guessed. Raises `InputError` without music."""
        ...

    def of(self, history: History) -> T_co:
        """The answer from a history that is at hand already."""
        ...


@dataclass(frozen=True, slots=True)
class HistoryInsight(Generic[T]):
    """An insight made of one function of a `History`."""

    name: str
    title: str
    of: Callable[[History], T]

    def compute(self, listens: Listens, timezone: str | dt.tzinfo | None = None) -> T:
        """See `Insight.compute`."""
        return self.of(History(listens, timezone))
