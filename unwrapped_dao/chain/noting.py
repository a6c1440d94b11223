"""A client that notes every transaction before it leaves, and never makes a second one of the same.

A program that was killed, or whose node dropped the answer, asks for the same transaction again. What was noted is sent
again then, byte by byte; only when its account's number was used otherwise, so that it can never be mined, a new one is
signed. However often it is asked for, one is mined.

What waits too long, because the base fee rose above what it offers, is replaced under its number by one that offers
more, up to a ceiling. The replacement is noted before it leaves as well: of all that have one number a chain takes one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

import msgspec

from ..errors import ContractRefusedError, FeeTooLowError, RpcUnavailableError, SettingsError
from .client import ChainClient
from .clock import Progress
from .fees import Fees
from .outbox import NonceAhead, NonceTaken, Receipt, Underpriced
from .transport import Transport
from .wanted import Wanted

STUCK_S = 45.0
"""A transaction that waits longer than this (three to four blocks of Ethereum) offers too little, most likely."""
_UNDER = "tx."


class Notes(Protocol):
    """Durable notes: `put` returns once the bytes would survive a crash."""

    def put(self, name: str, raw: bytes) -> None: ...

    def get(self, name: str) -> bytes | None: ...

    def drop(self, name: str) -> None: ...

    def names(self) -> list[str]: ...


class MemoryNotes:
    """For one process: nothing outlives it."""

    def __init__(self) -> None:
        self._notes: dict[str, bytes] = {}

    def put(self, name: str, raw: bytes) -> None:
        self._notes[name] = raw

    def get(self, name: str) -> bytes | None:
        return self._notes.get(name)

    def drop(self, name: str) -> None:
        self._notes.pop(name, None)

    def names(self) -> list[str]:
        return list(self._notes)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One signed transaction: 0x-hash, 0x-bytes, and what it offers."""

    hash: str
    raw: str
    fees: Fees


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was ever signed for one wish under one `number` of `sender`, oldest and cheapest first."""

    sender: str
    number: int
    gas: int
    attempts: tuple[Attempt, ...]

    @property
    def hashes(self) -> list[str]:
        """Newest first."""
        return [attempt.hash for attempt in reversed(self.attempts)]

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]


class NotingClient(ChainClient):
    """For one program that sends each transaction (sender, receiver, value, data) once in its life.

    `ceiling_wei` is the most it offers for a unit of gas (None: whatever is usual), `stuck_s` how long it waits before
    it offers more, and `told` gets a sentence whenever it does.
    """

    def __init__(
        self,
        transport: Transport,
        notes: Notes,
        *,
        patience_s: int | None = None,
        on_wait: Progress | None = None,
        ceiling_wei: int | None = None,
        stuck_s: float = STUCK_S,
        told: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(transport, patience_s=patience_s, on_wait=on_wait)
        self._notes = notes
        self._ceiling_wei = ceiling_wei
        self._stuck_s = stuck_s
        self._told = told
        self._subject = "other"

    # --- sending ---------------------------------------------------------------------------------------------------

    def _carry_out(self, wanted: Wanted) -> Receipt:
        """As ChainClient.send, once. A refusal ends it: the same may be asked for again later.

        Raises FeeTooLowError when the chain asks for more than the ceiling; what was sent goes on waiting then.
        """
        wish = _Wish(wanted, self._name(wanted))
        try:
            if (noted := self._noted(wish.name)) is not None:
                try:
                    return self._mined(wish, noted)
                except NonceTaken:
                    pass  # its number went to another transaction: it can never be mined
            return self._anew(wish)
        except ContractRefusedError:
            self._notes.drop(wish.name)
            raise

    def _anew(self, wish: _Wish) -> Receipt:
        try:
            return self._mined(wish, self._first(wish))
        except NonceTaken as taken:
            # Perhaps by another daemon of this account, for this very wish: whoever wished looks at the chain first.
            raise RpcUnavailableError(
                f"Another program sent a transaction from {wish.wanted.sender} at the same moment.",
                hint="A daemon looks again by itself what is still to do; a command has to be run again.",
            ) from taken

    def _first(self, wish: _Wish) -> Noted:
        """Sign it, under the account's next number, or under that of an earlier transaction that nobody wants now."""
        sender = wish.wanted.sender
        abandoned = self._abandoned(sender)
        transaction = self.unsigned(wish.wanted)
        fees = Fees.of(transaction).at_most(self._ceiling_wei)
        number = transaction["nonce"]
        if abandoned is not None:
            number = abandoned.number
            raised = abandoned.last.fees.raised(fees, self._ceiling_wei)
            if raised is None:
                raise self._too_low(abandoned)
            fees = raised
            if any(self._outbox.is_known(tx_hash) for tx_hash in abandoned.hashes):
                self._tell(f"transaction {number} is not wanted any more; another takes its place, offering {fees}")
        return self._sign(wish, Noted(sender=sender, number=number, gas=transaction["gas"], attempts=()), fees)

    def _mined(self, wish: _Wish, noted: Noted) -> Receipt:
        """See it through: as it is, then once more for a higher fee. Raises NonceTaken if it can never be mined."""
        for raised in (False, True):
            height = self.block_number()
            if (receipt := self._handed_in(noted)) is not None:
                return receipt
            if raised:
                break
            if not self._is_hopeless(noted) and self.block_number() == height:
                raise RpcUnavailableError(
                    f"Transaction {noted.number} of {noted.sender} waits, and the chain made no block meanwhile.",
                    hint="It goes on by itself when the node or the chain does; nothing is sent twice.",
                )
            noted = self._replacement(wish, noted)
        if noted.last.fees.raised(noted.last.fees, self._ceiling_wei) is None:
            raise self._too_low(noted)
        raise FeeTooLowError(
            f"Transaction {noted.number} of {noted.sender} waits to be mined, offering {noted.last.fees}.",
            hint="It is looked at again, and offers more if it has to; nothing is sent twice.",
        )

    def _handed_in(self, noted: Noted) -> Receipt | None:
        """Its receipt, or None when it still waits after `stuck_s`, or at once if it cannot be mined at this fee."""
        if len(noted.attempts) > 1 and (receipt := self._outbox.first_mined(noted.hashes, 0)) is not None:
            return receipt
        try:
            receipt = self._outbox.hand_in(bytes.fromhex(noted.last.raw[2:]), noted.last.hash, again=True)
        except NonceTaken:
            return self._taken(noted)
        except NonceAhead as ahead:
            self._require_taken_back(ahead)
            raise NonceTaken from ahead  # it is as good as taken: others come first
        except Underpriced:
            return None
        if receipt is not None:
            return receipt
        return self._outbox.first_mined(noted.hashes, 0 if self._is_hopeless(noted) else self._stuck_s)

    def _taken(self, noted: Noted) -> Receipt:
        """Which of its attempts used the number. One that the node shows a moment late must not be taken for none."""
        for pause_s in (0.0, 0.1, 0.4, 1.5):
            if (receipt := self._outbox.first_mined(noted.hashes, pause_s)) is not None:
                return receipt
        self._outbox.require_taken(noted.sender, noted.number, noted.hashes)
        raise NonceTaken

    def _replacement(self, wish: _Wish, noted: Noted) -> Noted:
        """The same with a higher fee, noted. Raises FeeTooLowError if that would be above the ceiling."""
        transaction = self.unsigned(msgspec.structs.replace(wish.wanted, gas=noted.gas))
        fees = noted.last.fees.raised(Fees.of(transaction), self._ceiling_wei)
        if fees is None:
            raise self._too_low(noted)
        self._tell(f"transaction {noted.number} was not mined for {noted.last.fees}; it is replaced, offering {fees}")
        return self._sign(wish, noted, fees)

    def _sign(self, wish: _Wish, noted: Noted, fees: Fees) -> Noted:
        transaction = self.unsigned(msgspec.structs.replace(wish.wanted, gas=noted.gas))
        tx_hash, raw = wish.wanted.sign(fees.written_into(transaction | {"nonce": noted.number, "gas": noted.gas}))
        attempt = Attempt(hash=tx_hash, raw="0x" + raw.hex(), fees=fees)
        made = msgspec.structs.replace(noted, attempts=(*noted.attempts, attempt))
        self._notes.put(wish.name, msgspec.json.encode(made))
        wish.wanted.tell_signed(tx_hash, raw)
        return made

    # --- what waits ------------------------------------------------------------------------------------------------

    def _abandoned(self, sender: str) -> Noted | None:
        """A transaction that was made for something else and blocks the account's next one; None once none does.

        It may still be mined while this waits, but is not sent again: what it was for may be over.
        """
        while True:
            used = self._used(sender, "latest")
            waiting = [noted for _, noted in self._all() if noted.sender == sender and noted.number >= used]
            if not waiting:
                return None
            lowest = min(waiting, key=lambda noted: noted.number)
            if lowest.number > (following := self._used(sender, "pending")):
                self._require_taken_back(NonceAhead(sender, lowest.number, following))
                return None  # it blocks nothing
            known = any(self._outbox.is_known(tx_hash) for tx_hash in lowest.hashes)
            if not known or self._is_hopeless(lowest):
                return lowest
            try:
                if self._outbox.first_mined(lowest.hashes, self._stuck_s) is None:
                    return lowest
            except ContractRefusedError:
                continue  # mined, and refused: whoever wanted it asks again

    def _is_hopeless(self, noted: Noted) -> bool:
        """Whether the newest block's base fee is above all that it offers."""
        base = self.request("eth_getBlockByNumber", ["latest", False]).get("baseFeePerGas")
        return base is not None and noted.last.fees.most_wei < int(base, 16)

    def _used(self, sender: str, tag: str) -> int:
        return int(self.request("eth_getTransactionCount", [sender, tag]), 16)

    def _too_low(self, noted: Noted) -> FeeTooLowError:
        ceiling = Fees(most_wei=self._ceiling_wei or 0, tip_wei=0)
        return FeeTooLowError(
            f"Transaction {noted.number} of {noted.sender} waits to be mined, offering {noted.last.fees}; "
            f"more would be above the ceiling of {ceiling}.",
            hint="It is mined when the chain asks for less; or raise the ceiling with UNWRAPPED_MAX_FEE_GWEI.",
        )

    def _tell(self, sentence: str) -> None:
        if self._told is not None:
            self._told(sentence[0].upper() + sentence[1:] + ".")

    # --- notes -----------------------------------------------------------------------------------------------------

    @contextmanager
    def about(self, subject: str) -> Iterator[None]:
        """Note what is sent meanwhile under this subject (letters, digits, hyphens), to be forgotten with it."""
        before, self._subject = self._subject, subject
        try:
            yield
        finally:
            self._subject = before

    def subjects(self) -> set[str]:
        """What notes are kept about."""
        return {name.split(".")[1] for name in self._notes.names() if name.startswith(_UNDER)}

    def forget(self, subject: str, tag: str) -> int:
        """Drop the notes about what is over; how many.

        Those stay whose number is not used up yet at the block `tag`: they could still be mined.
        """
        dropped, used = 0, dict[str, int]()
        for name, noted in self._all():
            if name.split(".")[1] != subject:
                continue
            if noted.sender not in used:
                used[noted.sender] = self._used(noted.sender, tag)
            if noted.number < used[noted.sender]:
                self._notes.drop(name)
                dropped += 1
        return dropped

    def _all(self) -> Iterator[tuple[str, Noted]]:
        for name in self._notes.names():
            if name.startswith(_UNDER) and (noted := self._noted(name)) is not None:
                yield name, noted

    def _noted(self, name: str) -> Noted | None:
        raw = self._notes.get(name)
        try:
            return None if raw is None else msgspec.json.decode(raw, type=Noted)
        except msgspec.DecodeError:
            raise SettingsError(
                f"The note {name} of a transaction is damaged.",
                hint="Restore the workspace's journal from a copy, or move that note away if it is not needed.",
            ) from None

    def _name(self, wanted: Wanted) -> str:
        head = f"{wanted.sender.lower()} {(wanted.to or '').lower()} {wanted.value} ".encode()
        return f"{_UNDER}{self._subject}.{hashlib.sha256(head + wanted.data).hexdigest()}"


class _Wish(msgspec.Struct, frozen=True):
    """What is to be mined once, and the name of its note."""

    wanted: Wanted
    name: str


def about(client: ChainClient, subject: str) -> AbstractContextManager[None]:
    """`NotingClient.about`; nothing for a client that notes nothing."""
    return client.about(subject) if isinstance(client, NotingClient) else nullcontext()
