"""The custodian that never sleeps: rounds of looking and acting, for as long as it is not told to stop.

Each round does whatever is due and forgets nothing that matters: secrets are in keyfiles, transactions in notes, the
rest on the chain. So a round may end anywhere, by SIGKILL too, and the next one goes on. A node that fails, lies or is
behind, or a disk that takes nothing, ends a round and never the daemon; what only a person can put right is said as an
alarm, once until it changes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...chain.stopping import StopRequested
from ...errors import (
    FeeTooLowError,
    InputError,
    NotAllowedError,
    PassphraseError,
    StorageUnavailableError,
    TemporaryError,
    UntrustedDataError,
    UnwrappedError,
)
from ..identity import Progress, no_progress
from .role import Custodian
from .serving import Deed, Outcome

OLD_HEAD_S = 600
"""From this age of the newest block on a person should look at the node."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing worth telling. `alarm`: a person should look."""

    event: str
    told: str
    facts: dict[str, Any] = field(default_factory=dict)
    alarm: bool = False


Tell = Callable[[News], None]


class Stop(Protocol):
    """Set when the daemon should end; waiting on it ends early then (`threading.Event`)."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool: ...


class Daemon:
    """Rounds for one custodian, which `opened` gives for the length of each.

    `every_s` between two looks, doubled up to `most_s` while the node is in trouble.
    """

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[Custodian]],
        tell: Tell,
        *,
        every_s: float = 15.0,
        most_s: float = 300.0,
        progress: Progress = no_progress,
    ) -> None:
        self._opened = opened
        self._tell = tell
        self._every_s = every_s
        self._most_s = most_s
        self._progress = progress
        self._said: dict[str, str] = {}
        self._well = False
        self._stop: Stop | None = None

    def run(self, stop: Stop) -> None:
        """Until `stop` is set, which ends a round between two steps.

        What goes wrong before the first good round is raised, unless it may pass by itself.
        """
        pause, self._stop = self._every_s, stop
        self._tell(News("started", f"Looking every {self._every_s:g} s."))
        while not stop.is_set():
            try:
                pause = self._every_s if self._attempt() else min(pause * 2, self._most_s)
            except StopRequested:
                break
            stop.wait(pause)
        self._tell(News("stopped", "Stopped. Nothing is lost, and the next run goes on from here."))

    def round(self, custodian: Custodian, *, eager: bool = False) -> Outcome:
        """One look, and all that is due. What is wrong with a key keeps no sale waiting, and is raised at the end."""
        wrong_with_keys = self._keys(custodian, eager)
        outcome = custodian.run_once(self._step, self._deed, eager=eager)
        for sale_id, wait in outcome.waiting.items():
            facts = {"sale": sale_id, "why": wait.why}
            self._once(f"sale {sale_id.hex()}", News("waiting", f"{_name(sale_id)}: {wait.why}.", facts, wait.alarm))
        for sale_id, bad in outcome.bad:
            where = {"sale": sale_id, "custodian": bad.custodian, "height": bad.node.height, "index": bad.node.index}
            told = f"{_name(sale_id)}: {bad.why} It is left out."
            self._once(f"bad {sale_id.hex()} {bad}", News("bad share", told, where, alarm=True))
        if wrong_with_keys is not None:
            raise wrong_with_keys
        return outcome

    # --- steps -----------------------------------------------------------------------------------------------------

    def _keys(self, custodian: Custodian, eager: bool) -> UnwrappedError | None:
        """What a forming key and the sign of life need; the problem that a person has to look at."""
        try:
            if custodian.has_part_in_forming():
                stand = custodian.setup(eager=eager)
                facts = {"generation": stand.generation, "did": list(stand.did)}
                self._once(f"setup {stand.generation}", News("setup", stand.sentence, facts))
            if custodian.post_heartbeat():
                self._tell(News("heartbeat", "Posted this week's part of the committee's sign of life."))
        except (UntrustedDataError, NotAllowedError) as problem:
            return problem
        return None

    def _attempt(self) -> bool:
        """One round; whether the node was well."""
        try:
            with self._opened() as custodian:
                self._notice_old_head(custodian)
                self.round(custodian)
        except TemporaryError as problem:
            # Of all storage a custodian uses its own disk alone, which does not get better by itself.
            self._trouble(problem, alarm=isinstance(problem, FeeTooLowError | StorageUnavailableError))
            return False
        except OSError as problem:
            if not self._well:
                raise
            self._trouble(_disk_trouble(problem), alarm=True)
            return False
        except (UntrustedDataError, NotAllowedError, InputError) as problem:
            if not self._well or isinstance(problem, PassphraseError):
                raise  # a mistake in how it was started, most likely: somebody is still there to read it
            self._trouble(problem, alarm=True)
            return False
        self._well = True
        self._said.pop("trouble", None)
        return True

    def _notice_old_head(self, custodian: Custodian) -> None:
        """A node that stands still shows no new approvals, and a sale would be missed without a word."""
        age = custodian.newest_age_s()
        if age is not None and age > OLD_HEAD_S:
            told = (
                "By this machine's clock the node's newest block is more than ten minutes old: "
                "the node is behind, the chain stands still, or the clock is ahead."
            )
            self._once("head", News("trouble", told, {"error": "OldHead"}, alarm=True))
        else:
            self._said.pop("head", None)

    def _deed(self, deed: Deed) -> None:
        facts = {"sale": deed.sale_id, "what": deed.what, "count": deed.count, "transactions": deed.transactions}
        facts |= {"gas": deed.gas, "fee_wei": deed.fee_wei}
        self._tell(News("done", f"{_name(deed.sale_id)}: {deed.what} ({deed.count}), {deed.gas:,} gas.", facts))
        self._end_if_stopped()

    def _step(self, what: str, done: int, total: int) -> None:
        self._end_if_stopped()
        self._progress(what, done, total)

    def _end_if_stopped(self) -> None:
        if self._stop is not None and self._stop.is_set():
            raise StopRequested

    def _trouble(self, problem: UnwrappedError, *, alarm: bool) -> None:
        facts = {"error": type(problem).__name__, "hint": problem.hint}
        self._once("trouble", News("trouble", problem.message, facts, alarm))

    def _once(self, about: str, news: News) -> None:
        if self._said.get(about) != news.told:
            self._said[about] = news.told
            self._tell(news)


def _disk_trouble(problem: OSError) -> StorageUnavailableError:
    where = f" ({problem.filename})" if problem.filename else ""
    return StorageUnavailableError(
        f"A file could not be read or written: {problem.strerror or problem}{where}.",
        hint="Check its permissions and the room on the disk; the next round goes on.",
    )


def _name(sale_id: bytes) -> str:
    return f"Sale 0x{sale_id.hex()[:12]}…"
