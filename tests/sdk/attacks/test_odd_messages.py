"""Messages that are nearly right: a bit beyond a field's type, bytes cut off or added, too little gas.

Such a message does what the right one does, or nothing. Never something else: no value is cut to its type, no part of a
batch is passed by because the gas for looking at it was missing, no call succeeds by half. Every message of a life that
a contract took is tried so, the first time its function is used.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from eth_utils import keccak

from tests.sdk.attacks.halfway import Halfway
from tests.sdk.stateful.evm import Answer
from tests.sdk.stateful.world import FAR
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.abi import signature

OPT_OUT = "OptOut(bytes32 target,uint64 expiry)"
BALLOT = "Ballot(uint256 proposalId,uint8 support)"
RELAYED = {"joinBatch", "leaveBatch", "contributeBatch", "optOutBatch", "castVoteBatch"}

Message = tuple[str, str, bytes, int]
Trial = Callable[["Sweep", Message, Answer], None]


# --- where the words of a call are ------------------------------------------------------------------------------------


def _array(kind: str) -> tuple[str, int | None] | None:
    """(element, length) of an array type; length None: dynamic."""
    found = re.fullmatch(r"(.*)\[(\d*)\]", kind)
    return None if found is None else (found[1], int(found[2]) if found[2] else None)


def _is_dynamic(field: dict[str, Any]) -> bool:
    kind = field["type"]
    if (array := _array(kind)) is not None:
        return array[1] is None or _is_dynamic({**field, "type": array[0]})
    return kind in ("bytes", "string") or (kind == "tuple" and any(map(_is_dynamic, field["components"])))


def _words(field: dict[str, Any]) -> int:
    """Words that a field takes in a head."""
    if _is_dynamic(field):
        return 1
    if (array := _array(field["type"])) is not None:
        return (array[1] or 0) * _words({**field, "type": array[0]})
    return sum(map(_words, field["components"])) if field["type"] == "tuple" else 1


def _bits(kind: str) -> int:
    if kind == "address":
        return 160
    return 1 if kind == "bool" else int(kind.removeprefix("uint")) if kind.startswith("uint") else 256


def narrow(fields: list[dict[str, Any]], data: bytes, base: int) -> Iterator[tuple[int, int]]:
    """(place, bits) of each word of the arguments at `base` that holds a value of less than 256 bits."""
    at = base
    for field in fields:
        here = base + int.from_bytes(data[at : at + 32], "big") if _is_dynamic(field) else at
        kind, array = field["type"], _array(field["type"])
        if array is not None:
            length = array[1] if array[1] is not None else int.from_bytes(data[here : here + 32], "big")
            elements = [{**field, "type": array[0]}] * length
            yield from narrow(elements, data, here if array[1] is not None else here + 32)
        elif kind == "tuple":
            yield from narrow(field["components"], data, here)
        elif _bits(kind) < 256:
            yield here, _bits(kind)
        at += 32 * _words(field)


# --- a life whose messages are tried ----------------------------------------------------------------------------------


class Sweep(Halfway):
    """Half of a life, then batches of every sort; `tried` functions were met by `trial` before their first message."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self.trial, self.tried = trial, set[str]()
        self.source = random.Random(11)
        self.functions = {
            (address.lower(), keccak(text=signature(entry))[:4]): entry
            for name, address in self.w.names.items()
            for entry in artifacts.abi(name).functions()
        }

    def function(self, message: Message) -> tuple[str, list[dict[str, Any]]]:
        entry = self.functions[message[1].lower(), message[2][:4]]
        return entry["name"], entry["inputs"]

    def attempt(self, message: Message, gas: int = 16_777_216) -> Answer:
        """What a message would do; it is undone."""
        with self.w.evm.undone():
            return self._send(*message, gas=gas)

    @contextmanager
    def watched(self) -> Iterator[None]:
        evm = self.w.evm
        self._send = evm.send

        def send(sender: str, to: str, data: bytes, value: int = 0, **more: Any) -> Answer:
            message = (sender, to, data, value)
            if (to.lower(), data[:4]) in self.functions:
                name, _ = self.function(message)
                if name not in self.tried and (right := self.attempt(message)).ok:
                    self.tried.add(name)
                    self.trial(self, message, right)
            return self._send(sender, to, data, value, **more)

        evm.send = send  # type: ignore[method-assign]
        try:
            yield
        finally:
            del evm.send

    def batches(self) -> None:
        w = self.w
        self.join_batch([6, 7, 8], 9)
        self.contribute_batch(self._open_pool(), [5, 6, 7], 20, 9)
        signed = [(FAR, *w.sign(w.wallets[i], w.market, OPT_OUT, self.ids[4], FAR)) for i in (0, 2, 5)]
        assert w.market.send(w.stranger, "optOutBatch", self.ids[4], signed).ok
        self.tick(10)
        self.propose(0, 100)
        number = self.proposals[-1]
        self.tick(w.governor.call("votingDelay") + 1)
        ballots = [(1, *w.sign(w.wallets[i], w.governor, BALLOT, number, 1)) for i in range(4)]
        assert w.governor.send(w.stranger, "castVoteBatch", number, ballots).ok
        self.leave_batch([6, 7], 9)

    def _open_pool(self) -> int:
        pools = list(self.model.pools)
        wanted = [p for p in pools if not self.model.pools[p].sealed]
        return wanted.index(wanted[0])


def _same(answer: Answer, right: Answer) -> bool:
    return answer.ok and (answer.output, answer.logs) == (right.output, right.logs)


def _bits_beyond(life: Sweep, message: Message, right: Answer) -> None:
    name, inputs = life.function(message)
    sender, to, data, value = message
    for place, bits in narrow(inputs, data, 4):
        for bit in {bits, 255}:
            word = int.from_bytes(data[place : place + 32], "big") | 1 << bit
            odd = data[:place] + word.to_bytes(32, "big") + data[place + 32 :]
            answer = life.attempt((sender, to, odd, value))
            assert not answer.ok or _same(answer, right), f"{name}: bit {bit} of the word at {place} is cut off"


def _cut_and_long(life: Sweep, message: Message, right: Answer) -> None:
    name, _ = life.function(message)
    sender, to, data, value = message
    for cut in (1, 31, 32, 33, 64, 96, 192):
        if cut <= len(data) - 4:
            answer = life.attempt((sender, to, data[:-cut], value))
            assert not answer.ok or _same(answer, right), f"{name}: taken with {cut} bytes missing"
    for more in (1, 32, 320):
        answer = life.attempt((sender, to, data + b"\xff" * more, value))
        assert _same(answer, right), f"{name}: bytes behind its end are read"


def _too_little_gas(life: Sweep, message: Message, right: Answer) -> None:
    name, _ = life.function(message)
    steps = 24 if name in RELAYED else 6
    limits = [right.gas * step // steps for step in range(1, steps + 1)]
    limits += [right.gas + life.source.randrange(-9_000, 9_000) for _ in range(steps)]
    for gas in limits:
        answer = life.attempt(message, max(0, gas))
        assert not answer.ok or _same(answer, right), f"{name}: something else with {gas} gas than with {right.gas}"


MET = {
    *RELAYED,
    *("join", "openEpoch", "contribute", "announceSealByVote", "seal", "withdraw", "propose"),
    *("offer", "optOut", "approve", "fixExcluded", "deliver", "refund", "claim"),
}


@pytest.mark.parametrize("trial", [_bits_beyond, _cut_and_long, _too_little_gas])
def test_a_message_that_is_nearly_right_does_what_the_right_one_does_or_nothing(trial: Trial) -> None:
    life = Sweep(trial)
    with life.watched():
        life.begin(random.Random(0))
        life.batches()
    assert life.tried >= MET, MET - life.tried
