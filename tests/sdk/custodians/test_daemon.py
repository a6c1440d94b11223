"""The loop around the work: what ends it, what does not, and what is said once."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from unwrapped_dao.crypto.tree import Node
from unwrapped_dao.errors import (
    FeeTooLowError,
    NotAllowedError,
    PassphraseError,
    RpcUnavailableError,
    StorageUnavailableError,
    UntrustedDataError,
    UnwrappedError,
)
from unwrapped_dao.roles.custodian import BadShare, Daemon, Deed, News, Outcome
from unwrapped_dao.roles.custodian.duties import Wait

SALE = bytes(31) + b"\x07"


class Script:
    """A custodian whose rounds are given: outcomes, or errors that they raise."""

    def __init__(self, rounds: list[Outcome | Exception], stop: threading.Event) -> None:
        self.rounds, self._stop = rounds, stop
        self.age: int | None = None

    def newest_age_s(self) -> int | None:
        return self.age

    def has_part_in_forming(self) -> bool:
        return False

    def post_heartbeat(self) -> bool:
        return False

    def run_once(self, progress: Any, tell: Callable[[Deed], None], *, eager: bool) -> Outcome:
        outcome = self.rounds.pop(0)
        if not self.rounds:
            self._stop.set()
        if isinstance(outcome, Exception):
            raise outcome
        for deed in outcome.deeds:
            tell(deed)
        return outcome


class Clock(threading.Event):
    """Waits for no time, and keeps how long it should have been."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0)
        return self.is_set()


def run(*rounds: Outcome | Exception, age: int | None = None) -> tuple[list[News], list[float]]:
    stop, said = Clock(), list[News]()
    script = Script(list(rounds), stop)
    script.age = age

    @contextmanager
    def opened() -> Any:
        yield script

    Daemon(opened, said.append, every_s=10, most_s=60).run(stop)
    return said, stop.pauses


QUIET = Outcome()


def test_a_node_in_trouble_is_asked_less_and_less_and_then_as_before() -> None:
    down = [RpcUnavailableError("The chain's RPC does not answer.") for _ in range(4)]
    said, pauses = run(QUIET, *down, QUIET)
    assert pauses == [10, 20, 40, 60, 60, 10]
    assert [news.event for news in said] == ["started", "trouble", "stopped"]  # the same trouble is told once
    assert not said[1].alarm


@pytest.mark.parametrize(
    "problem",
    [UntrustedDataError("Block 7 was final."), NotAllowedError("Too little ether."), FeeTooLowError("It waits.")],
    ids=["lies", "no gas", "fee at its ceiling"],
)
def test_what_only_a_person_can_put_right_is_an_alarm_and_no_end(problem: UnwrappedError) -> None:
    said, _ = run(QUIET, problem, QUIET, problem, QUIET)
    assert [(news.event, news.alarm) for news in said] == [
        ("started", False),
        ("trouble", True),
        ("trouble", True),  # again after it was well
        ("stopped", False),
    ]


@pytest.mark.parametrize(
    "problem",
    [
        OSError(errno.EROFS, "Read-only file system", "notes/highest-final-block"),
        OSError(errno.ENOSPC, "No space left on device"),
        StorageUnavailableError("The disk that holds notes is full."),
    ],
    ids=["read-only", "full", "full, as the notes say it"],
)
def test_a_disk_that_takes_nothing_is_an_alarm_and_no_end(problem: Exception) -> None:
    said, pauses = run(QUIET, problem, problem, QUIET)
    assert [(news.event, news.alarm) for news in said] == [("started", False), ("trouble", True), ("stopped", False)]
    assert pauses == [10, 20, 40, 10]
    assert said[1].facts["hint"]
    with pytest.raises(type(problem)) if isinstance(problem, OSError) else nullcontext():
        run(problem, QUIET)  # before the first good round whoever started it is still there to read it


def test_a_wish_to_stop_ends_a_round_between_two_deeds() -> None:
    stop, said = Clock(), list[News]()
    script = Script([Outcome(deeds=[Deed(SALE, "said ready", 1, 1), Deed(SALE, "posted shares", 1, 1)]), QUIET], stop)

    def tell(news: News) -> None:
        said.append(news)
        if news.event == "done":
            stop.set()

    Daemon(lambda: nullcontext(script), tell).run(stop)  # type: ignore[arg-type]
    assert [(news.event, news.facts.get("what")) for news in said[1:]] == [("done", "said ready"), ("stopped", None)]


def test_trouble_with_the_next_key_keeps_no_sale_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def forming_is_broken(script: Script, *, eager: bool) -> None:
        raise UntrustedDataError("The deal of custodian 2 is not what it committed to.")

    done = Outcome(deeds=[Deed(SALE, "said ready", 1, 1)])
    wanted = [("started", False), ("done", False), ("trouble", True), ("done", False), ("stopped", False)]
    monkeypatch.setattr(Script, "has_part_in_forming", lambda script: len(script.rounds) < 3)
    monkeypatch.setattr(Script, "setup", forming_is_broken, raising=False)
    said, _ = run(QUIET, done, done)
    assert [(news.event, news.alarm) for news in said] == wanted


def test_a_mistake_in_how_it_was_started_ends_it_and_a_node_that_is_not_up_yet_does_not() -> None:
    with pytest.raises(NotAllowedError):
        run(RpcUnavailableError("The chain's RPC does not answer."), NotAllowedError("There is no account."), QUIET)
    with pytest.raises(PassphraseError):
        run(QUIET, PassphraseError("The passphrase does not open this keyfile."), QUIET)


def test_what_is_done_is_told_each_time_and_what_is_waited_for_once() -> None:
    waiting = Outcome(waiting={SALE: Wait("1 of 4 READYs are final")})
    later = Outcome(waiting={SALE: Wait("only 3 of the 4 READYs came in time: nothing is released", alarm=True)})
    done = Outcome(deeds=[Deed(SALE, "said ready", 1, 1)])
    said, _ = run(done, waiting, waiting, later, done)
    assert [news.event for news in said[1:-1]] == ["done", "waiting", "waiting", "done"]
    assert [news.alarm for news in said[1:-1]] == [False, False, True, False]


def test_a_bad_share_is_told_once_with_its_custodian() -> None:
    bad = BadShare(3, Node(1, 0), "The key share of custodian 3 is wrong for this node and buyer.")
    said, _ = run(Outcome(bad=[(SALE, bad)]), Outcome(bad=[(SALE, bad)]))
    (told,) = [news for news in said if news.event == "bad share"]
    assert told.alarm and told.facts["custodian"] == 3 and "custodian 3" in told.told


def test_a_node_that_stands_still_is_an_alarm() -> None:
    said, _ = run(QUIET, QUIET, age=3_600)
    assert [news.facts.get("error") for news in said if news.event == "trouble"] == ["OldHead"]
    assert [news.event for news in run(QUIET, age=20)[0]] == ["started", "stopped"]
