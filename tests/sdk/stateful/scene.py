"""What every act of a life needs: the collective, the model beside it, the story, and ways to pick what it is about."""

from __future__ import annotations

from typing import Any

from tests.sdk.stateful.evm import Answer
from tests.sdk.stateful.model import Model, Pool
from tests.sdk.stateful.world import EMPTY, MEMBERS, Buyer, Envelope, account, world
from unwrapped_dao.crypto.keys import NodeKey

UNITS = ("dollars", "wei")

one_member = range(MEMBERS)
pick = range(64)
flip = (False, True)
rarely = (False,) * 7 + (True,)


class Scene:
    """Members, pools and sales are named by number; the contracts' own ids stand beside the model's objects."""

    def __init__(self) -> None:
        self.w = world()
        self.w.evm.fork(EMPTY)
        self.w.source.seed(1)
        self.model = Model(self.w.evm.now)
        self.story: list[str] = []
        self.envelopes: dict[Pool, dict[int, Envelope]] = {}
        self.records: dict[Pool, dict[int, tuple[Any, ...]]] = {}
        self.offers: list[dict[str, Any]] = []
        self.ids: list[bytes] = []
        self.earned: dict[tuple[Pool, int, int], int] = {}
        self.settled_now: set[tuple[Pool, int]] = set()
        self.sealed_weights: dict[Pool, list[int]] = {}
        self.keys: dict[Pool, list[tuple[int, NodeKey]]] = {}  # (sale, key) of everything buyers opened
        self.proposals: list[int] = []
        self.arguments: dict[int, tuple[Any, ...]] = {}
        self.moved = True
        self.ended: set[int] = set()

    # --- telling and comparing -------------------------------------------------------------------------------------

    def tell(self, sentence: str) -> None:
        self.story.append(sentence)
        self.moved = True

    def expect(self, answer: Answer, refusal: str | None, sentence: str) -> None:
        self.tell(sentence + (f" -> refused: {refusal}" if refusal else ""))
        self.moved = refusal is None  # a revert leaves nothing behind
        assert answer.error == refusal, f"{sentence}: expected {refusal}, got {answer.error}{answer.facts}"

    def tick(self, seconds: int = 1) -> None:
        self.w.evm.advance(seconds)
        self.model.now = self.w.evm.now

    def pool(self, choice: int, *, sealed: bool | None = None) -> Pool:
        """One of the pools there are, those of the asked sort first."""
        pools = list(self.model.pools)
        wanted = [p for p in pools if sealed is None or self.model.pools[p].sealed is sealed]
        found = wanted or pools
        return found[choice % len(found)]

    def sale(self, choice: int, *states: int) -> int:
        """Index of one of the sales there are, those in the asked states first."""
        wanted = [i for i, sale in enumerate(self.model.sales) if sale.state in states]
        found = wanted or list(range(len(self.model.sales)))
        return found[choice % len(found)]

    def proposal(self, choice: int) -> int:
        """One of the last two, the others being over."""
        return len(self.proposals) - 1 - choice % min(2, len(self.proposals))

    def buyer(self, index: int) -> Buyer:
        return self.w.buyers[self.model.sales[index].buyer]

    def who(self, name: str) -> str:
        """The address of a name in the model's wallets."""
        kind, _, number = name.partition(" ")
        if kind == "member":
            return self.w.members[int(number)]
        if kind == "buyer":
            return self.w.buyers[int(number)].address
        return {"custodian": self.w.custodian, "splitter": self.w.splitter.address}.get(name) or account(name)
