"""What happens to sales: offered, refused by members, approved, fixed, delivered truly and falsely, ended."""

from __future__ import annotations

from eth_utils import keccak

from tests.sdk.stateful import model as m
from tests.sdk.stateful.evm import Answer
from tests.sdk.stateful.model import Sale
from tests.sdk.stateful.scene import UNITS, Scene, flip, one_member, pick
from tests.sdk.stateful.walk import Either, Several, action
from tests.sdk.stateful.world import HEIGHT, MAX_EXCLUDED, MEMBERS, PURPOSE, Buyer, account


class Sales(Scene):
    # --- sales -----------------------------------------------------------------------------------------------------

    @action(
        3,
        when=lambda self: self.model.pools,
        choice=pick,
        buyer=range(2),
        currency=range(2),
        price=Either(range(1, 51), range(1, 10**9)),
        needed=[0, 0, 1, 20, 60, 150, 500],
        patience=[-5, 5, 300, 300, 300],
    )
    def offer(self, choice: int, buyer: int, currency: int, price: int, needed: int, patience: int) -> None:
        self.tick()
        pool = self.pool(choice, sealed=True)
        it = self.w.buyers[buyer]
        offer = {
            "buyer": it.address,
            "scopeId": self.w.scopes[pool[0]],
            "epoch": pool[1],
            "currency": self.w.currencies[currency],
            "price": price,
            "purpose": PURPOSE,
            "terms": keccak(text="licence"),
            "minEligibleWeight": needed,
            "executeBefore": self.w.evm.now + patience,
            "listingId": bytes(32),
            "B1": list(it.key.B1.words),
            "B2": list(it.key.B2.words),
            "nonce": len(self.story),
        }
        sale = Sale(
            pool, buyer, currency, price, needed, self.w.evm.now + patience, self.model.fees, self.model.windows
        )
        refusal = self.model.offer(sale)
        answer = self.w.market.send(it.address, "offer", offer, value=price if currency else 0)
        self.expect(answer, refusal, f"buyer {buyer} offers {price} {UNITS[currency]} for {pool}, weight {needed}")
        if refusal is None:
            self.offers.append(offer)
            self.ids.append(self.w.market.results("offer", answer))

    @action(5, when=lambda self: self.model.sales, member=one_member, choice=pick)
    def opt_out(self, member: int, choice: int) -> None:
        self.tick()
        index = self.sale(choice, m.OFFERED)
        refusal = self.model.opt_out(member, self.model.sales[index])
        answer = self.w.market.send(self.w.members[member], "optOut", self.ids[index])
        self.expect(answer, refusal, f"member {member} opts out of sale {index}")

    @action(4, when=lambda self: self.model.sales, choices=Several(pick, 1, 4))
    def approve(self, choices: list[int]) -> None:
        """Several at once, one perhaps twice: those that cannot be approved are skipped and sink no other."""
        self.tick()
        indices = [self.sale(choice, m.OFFERED) for choice in choices]
        expected = self.model.approve([self.model.sales[index] for index in indices])
        answer = self.w.market.send(self.w.timelock.address, "approve", [self.ids[index] for index in indices])
        self.expect(answer, None, f"a vote approves sales {indices}: {expected}")
        skipped = [event["reason"] for event in self.w.market.events(answer, "SaleSkipped")]
        assert skipped == [reason for reason in expected if reason is not None]

    @action(
        4,
        when=lambda self: any(s.state == m.APPROVED and s.excluded is None for s in self.model.sales),
        choice=pick,
        caller=range(3),
        size=range(7),
        odd=range(10),
        leaf=range(10),
    )
    def fix_excluded(self, choice: int, caller: int, size: int, odd: int, leaf: int) -> None:
        """A caller stages the next leaves of its own list; sometimes a leaf that does not belong there, or again."""
        self.tick()
        open_ = [i for i, s in enumerate(self.model.sales) if s.state == m.APPROVED and s.excluded is None]
        index = open_[choice % len(open_)]
        sale, name = self.model.sales[index], f"caller {caller}"
        excluded = self.model.leaves_to_fix(sale)
        staged = sale.staged.get(name, [])
        leaves = excluded[len(staged) :][:size]
        later = [number for number in self.model.pools[sale.pool].withdrew if number not in excluded]
        if odd > 6 and later:  # who refused after the approval, in the place of who refused before
            leaves = [*leaves[: odd - 7], later[leaf % len(later)]]
        elif odd == 9:
            leaves = [*leaves, leaf]
        refusal = self.model.fix_excluded(sale, name, leaves)
        answer = self.w.market.send(account(name), "fixExcluded", self.offers[index], leaves)
        self.expect(answer, refusal, f"{name} stages {leaves} for sale {index}, excluded {excluded}")
        if sale.excluded is not None:
            self.one_list(index)

    def one_list(self, index: int) -> None:
        """Invariant 14: what decides keys (the list) and what decides money (`isExcluded`) say the same."""
        sale, market = self.model.sales[index], self.w.market
        assert sale.excluded is not None
        if sale.state in (m.APPROVED, m.SETTLED):
            assert market.call("excludedLeaves", self.ids[index]) == sorted(sale.excluded)
        for number in range(MEMBERS):
            assert market.call("isExcluded", self.ids[index], number) == (number in sale.excluded)

    @action(
        6,
        when=lambda self: any(s.state == m.APPROVED for s in self.model.sales),
        choice=pick,
        back=range(3),
        size=range(9),
        hinted=flip,
    )
    def deliver(self, choice: int, back: int, size: int, hinted: bool) -> None:
        """A chunk of the cover, from at most `back` nodes before the cursor on; all of it when `size` is 8."""
        self.tick()
        index = self.sale(choice, m.APPROVED)
        sale = self.model.sales[index]
        start = max(0, sale.delivered - back)
        nodes = sale.nodes[start : start + size]
        refusal = None if sale.excluded is not None else "ExclusionsNotFixed"
        answer = self.send_delivery(index, nodes, hinted)
        self.expect(answer, refusal, f"anyone delivers {nodes} of sale {index}")
        if refusal is None:
            before = sale.delivered
            self.model.delivered(sale, start + len(nodes))
            fresh = nodes[before - start :] if start + len(nodes) > before else []
            self.receive(index, answer, fresh)
            if sale.state == m.SETTLED:
                self.settled_now.add((sale.pool, sale.currency))
                self.one_list(index)

    def send_delivery(
        self, index: int, nodes: list[tuple[int, int]], hinted: bool, buyer: Buyer | None = None
    ) -> Answer:
        pool = self.w.pool_of(*self.model.sales[index].pool)
        made = [self.w.delivery(pool, buyer or self.buyer(index), node) for node in nodes]
        hints = self.w.hints(pool, made) if hinted else []
        return self.w.market.send(self.w.stranger, "deliver", self.offers[index], made, hints)

    @action(
        2,
        when=lambda self: any(s.state == m.APPROVED and s.nodes for s in self.model.sales),
        choice=pick,
        lie=["skip", "child", "parent", "other buyer", "other pool", "high"],
    )
    def deliver_falsely(self, choice: int, lie: str) -> None:
        """What does not follow the unique cover, or is not this buyer's key, is refused and changes nothing."""
        self.tick()
        fixed = [i for i, s in enumerate(self.model.sales) if s.state == m.APPROVED and s.nodes]
        index = fixed[choice % len(fixed)]
        sale = self.model.sales[index]
        height, at = sale.nodes[sale.delivered]
        buyer = None
        if lie == "skip":
            if sale.delivered + 1 == len(sale.nodes):
                return
            nodes, refusals = [sale.nodes[sale.delivered + 1]], {"NodeNotAtCursor"}
        elif lie == "child":
            if height == 0:
                return
            nodes, refusals = [(height - 1, at * 2)], {"NodeNotMaximal"}
        elif lie == "parent":
            if height == HEIGHT:
                return
            nodes, refusals = [(height + 1, at // 2)], {"NodeContainsExcluded", "NodeNotAtCursor"}
        elif lie == "high":
            nodes, refusals = [(HEIGHT + 1, 0)], {"NodeOutOfRange"}
        elif lie == "other buyer":
            buyer = self.w.buyers[1 - sale.buyer]
            nodes, refusals = [(height, at)], {"DeliveryInvalid"}
        else:
            nodes, refusals = [(height, at)], {"DeliveryInvalid"}
        if lie == "other pool":
            false_pool = self.w.pool_of(sale.pool[0], sale.pool[1] + 1)
            made = [self.w.delivery(false_pool, self.buyer(index), nodes[0])]
            answer = self.w.market.send(self.w.stranger, "deliver", self.offers[index], made, [])
        else:
            answer = self.send_delivery(index, nodes, False, buyer)
        self.tell(f"anyone delivers {nodes} of sale {index} falsely ({lie}) -> refused: {answer.error}")
        assert answer.error in refusals, f"{lie}: {answer.error} is none of {refusals}"

    def receive(self, index: int, answer: Answer, fresh: list[tuple[int, int]]) -> None:
        """The buyer opens what was emitted (invariant 3), and tries each new key on every published envelope (4)."""
        sale, buyer = self.model.sales[index], self.buyer(index)
        pool = self.w.pool_of(*sale.pool)
        events = self.w.market.events(answer, "NodesDelivered")
        points = [pair for event in events for pair in event["points"]]
        assert [event["firstLeaf"] for event in events] == [index << height for height, index in fresh[: len(events)]]
        assert len(points) == len(fresh)
        emitted = [self.w.delivered(node, pair) for node, pair in zip(fresh, points, strict=True)]
        for node in emitted:
            key = self.w.open_delivery(pool, buyer, node)
            self.keys.setdefault(sale.pool, []).append((index, key))
            under = m.leaves_under([(node["height"], node["index"])])
            for other, envelopes in self.envelopes.items():
                for leaf, envelope in envelopes.items():
                    if self.model.pools[other].sealed:
                        opens = self.w.opens(key, self.w.pool_of(*other), envelope)
                        assert opens == (other == sale.pool and leaf in under), (index, node, other, leaf)

    @action(3, when=lambda self: self.model.sales, choice=pick, approved=flip)
    def end(self, choice: int, approved: bool) -> None:
        self.tick()
        index = self.sale(choice, m.APPROVED if approved else m.OFFERED)
        sale = self.model.sales[index]
        refusal = self.model.refund(sale) if approved else self.model.expire(sale)
        answer = self.w.market.send(self.w.stranger, "refund" if approved else "expire", self.offers[index])
        self.expect(answer, refusal, f"anyone {'refunds' if approved else 'expires'} sale {index}")

    @action(
        5,
        when=lambda self: any(pool.sealed and pool.weight for pool in self.model.pools.values()),
        choice=pick,
        buyer=range(2),
        currency=range(2),
        price=range(1, 10**9),
        refusers=Several(one_member, 0, 4),
        upto=range(10),
    )
    def sell(self, choice: int, buyer: int, currency: int, price: int, refusers: list[int], upto: int) -> None:
        """A sale in one go, so that lives get far: up to its approval (`upto` 0), its list (1), its settlement (9)."""
        self.offer(choice, buyer, currency, price, 1, 300)
        if self.model.sales and self.model.sales[-1].state == m.OFFERED:
            index = len(self.model.sales) - 1
            offered = [i for i, sale in enumerate(self.model.sales) if sale.state == m.OFFERED].index(index)
            for member in refusers:
                self.opt_out(member, offered)
            self.approve([offered])
            sale = self.model.sales[index]
            if upto and sale.state == m.APPROVED and sale.excluded is None:
                unfixed = [i for i, s in enumerate(self.model.sales) if s.state == m.APPROVED and s.excluded is None]
                self.fix_excluded(unfixed.index(index), upto % 3, MAX_EXCLUDED, 0, 0)
            while upto > 1 and sale.state == m.APPROVED and sale.nodes:
                approved = [i for i, s in enumerate(self.model.sales) if s.state == m.APPROVED]
                self.deliver(approved.index(index), 0, upto - 1, upto % 2 == 0)
