"""The typed client of `DataMarket`: offers, opt-outs, exclusion, delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ..crypto.bn254 import G1Point
from ..crypto.tree import cover
from ..errors import InputError, NotFoundError, UntrustedDataError
from .batch import OptOutSkipReason, Skipped, halves
from .contract import Contract, merged
from .erc20 import ETH
from .outbox import Receipt
from .signer import Signer

G1Words = tuple[int, int]
G2Words = tuple[int, int, int, int]

_SALE_TAG: Final = keccak(text="unwrapped-dao/sale/v1")
_OFFER_TYPE: Final = (
    "(address,bytes32,uint64,address,uint96,bytes32,bytes32,uint64,uint48,bytes32,uint256[2],uint256[4],uint64)"
)


class SaleState(IntEnum):
    """As `IDataMarket.SaleState`."""

    NONE = 0
    OFFERED = 1
    APPROVED = 2
    SETTLED = 3
    REFUNDED = 4
    EXPIRED = 5


class SkipReason(IntEnum):
    """As `IDataMarket.SkipReason`: why an approval passed a sale by."""

    NOT_OFFERED = 0
    PAST_EXECUTE_BEFORE = 1
    TOO_MANY_EXCLUDED = 2
    TOO_LITTLE_WEIGHT = 3
    GENERATION_NOT_ACTIVE = 4

    @property
    def sentence(self) -> str:
        return {
            SkipReason.NOT_OFFERED: "it was no longer on offer",
            SkipReason.PAST_EXECUTE_BEFORE: "its time for approval was over",
            SkipReason.TOO_MANY_EXCLUDED: "too many members had withdrawn or opted out",
            SkipReason.TOO_LITTLE_WEIGHT: "the pool holds less than the buyer's minimum",
            SkipReason.GENERATION_NOT_ACTIVE: "the committee's key was retired",
        }[self]


@dataclass(frozen=True, slots=True)
class Offer:
    """A buyer's bid; its hash is the sale id. Price in base units, `execute_before` in seconds."""

    buyer: str
    scope_id: bytes
    epoch: int
    currency: str
    price: int
    purpose: bytes
    terms: bytes
    min_eligible_weight: int
    execute_before: int
    listing_id: bytes
    b1: G1Words
    b2: G2Words
    nonce: int

    def as_tuple(self) -> tuple[object, ...]:
        """In ABI order."""
        values = [getattr(self, f.name) for f in fields(self)]
        return tuple(list(v) if isinstance(v, tuple) else v for v in values)

    @classmethod
    def from_tuple(cls, values: Sequence[object]) -> Offer:
        """From ABI order."""
        return cls(*(tuple(v) if isinstance(v, list | tuple) else v for v in values))  # type: ignore[arg-type]

    def sale_id(self, chain_id: int, market: str) -> bytes:
        """The name of this offer on a market, computed here as IDataMarket says it."""
        words = encode(["bytes32", "uint256", "address", _OFFER_TYPE], [_SALE_TAG, chain_id, market, self.as_tuple()])
        return keccak(words)


@dataclass(frozen=True, slots=True)
class Sale:
    """What the chain stores of a sale. Counters are running until approval, and the stored ones from then on."""

    state: SaleState
    execute_before: int
    delivery_window: int
    grace: int
    treasury_bps: int
    operators_bps: int
    opt_outs: int
    min_eligible_weight: int
    pool_index: int
    approved_at: int
    withdrawals: int
    eligible_weight: int
    cursor: int
    members: int
    height: int
    generation: int
    excluded: int

    @property
    def delivery_deadline(self) -> int:
        """Custodians release shares until this second."""
        return self.approved_at + self.delivery_window

    @property
    def refundable_at(self) -> int:
        """From this second on anyone may refund an undelivered sale."""
        return self.delivery_deadline + self.grace

    @property
    def exclusions_fixed(self) -> bool:
        return self.eligible_weight > 0


@dataclass(frozen=True, slots=True)
class NodeDelivery:
    """One node's checked delivery: height, index, C1 and C2 as affine words."""

    height: int
    index: int
    c1: G1Words
    c2: G1Words

    def as_tuple(self) -> tuple[int, int, list[int], list[int]]:
        return (self.height, self.index, list(self.c1), list(self.c2))


@dataclass(frozen=True, slots=True)
class OptOut:
    """One member's refusal of one sale."""

    member: str
    number: int
    ordinal: int


def opt_outs_of_batch(first_ordinal: int, packed: bytes) -> list[OptOut]:
    """What `OptOutsCounted` lists: 20 bytes of address and 4 of number each."""
    places = range(0, len(packed), 24)
    return [
        OptOut(to_checksum_address(packed[at : at + 20]), int.from_bytes(packed[at + 20 : at + 24], "big"), ordinal)
        for ordinal, at in enumerate(places, start=first_ordinal)
    ]


class Market:
    """Verbs and reads of the market."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.address = contract.address

    # --- verbs -----------------------------------------------------------------------------------------------------

    def offer(self, buyer: Signer, offer: Offer) -> Receipt:
        """Escrow the price; an ERC-20 must be approved to the splitter before."""
        value = offer.price if offer.currency == ETH else 0
        return self._contract.send(buyer, "offer", offer.as_tuple(), value=value)

    def opt_out(self, member: Signer, sale_id: bytes) -> Receipt:
        """Refuse one sale, until its approval. Final."""
        return self._contract.send(member, "optOut", sale_id)

    def opt_out_batch(self, sender: Signer, sale_id: bytes, opt_outs: Sequence[tuple[int, bytes]]) -> Receipt:
        """Opt out for many who signed, (expiry, signature) each; what was skipped: `skipped_in`."""
        signed = [(expiry, *halves(signature)) for expiry, signature in opt_outs]
        return self._contract.send(sender, "optOutBatch", sale_id, signed)

    def skipped_in(self, receipt: Receipt) -> list[Skipped]:
        """What a batch of opt-outs passed by."""
        events = self._contract.events_in(receipt, "OptOutSkipped")
        return [Skipped(e["signer"], OptOutSkipReason(e["reason"])) for e in events]

    def fix_excluded(self, sender: Signer, offer: Offer, leaves: Sequence[int]) -> Receipt:
        """Stage excluded leaves, ascending."""
        return self._contract.send(sender, "fixExcluded", offer.as_tuple(), list(leaves))

    def deliver(self, sender: Signer, offer: Offer, nodes: Sequence[NodeDelivery], hints: Sequence[int]) -> Receipt:
        """Deliver nodes of the cover from the cursor on."""
        return self._contract.send(
            sender, "deliver", offer.as_tuple(), [node.as_tuple() for node in nodes], list(hints)
        )

    def expire(self, sender: Signer, offer: Offer) -> Receipt:
        """End an offer that was not approved in time; its buyer is credited."""
        return self._contract.send(sender, "expire", offer.as_tuple())

    def refund(self, sender: Signer, offer: Offer) -> Receipt:
        """End an approved sale that was not delivered in time; its buyer is credited."""
        return self._contract.send(sender, "refund", offer.as_tuple())

    def approve_calldata(self, sale_ids: Sequence[bytes]) -> bytes:
        """What a sale proposal executes."""
        return self._contract.calldata("approve", list(sale_ids))

    # --- reads -----------------------------------------------------------------------------------------------------

    def sale_id(self, offer: Offer) -> bytes:
        """The content-addressed name of an offer on this chain and market."""
        return bytes(self._contract.call("saleIdOf", offer.as_tuple()))

    def sale(self, sale_id: bytes) -> Sale:
        """The stored state; state NONE for an unknown id."""
        state, *rest = self._contract.call("sale", sale_id).values()
        return Sale(SaleState(state), *rest)

    def offers(self, **filters: Any) -> dict[bytes, Offer]:
        """Every offer ever made, by sale id, oldest first; filter by buyer or poolId."""
        return {
            event["saleId"]: Offer.from_tuple(list(event["offer"].values()))
            for event in self._contract.events("OfferMade", **filters)
        }

    def offer_of(self, sale_id: bytes) -> Offer:
        """The offer behind a sale id. Raises NotFoundError if there is none."""
        found = self.offers(saleId=sale_id).get(sale_id)
        if found is None:
            raise NotFoundError(f"There is no offer 0x{sale_id.hex()} on this market.")
        return found

    def opt_outs(self, sale_id: bytes) -> list[OptOut]:
        """Refusals of a sale in order, made directly or in batches."""
        found: list[OptOut] = []
        for event in merged(self._contract, ("OptedOut", "OptOutsCounted"), target=sale_id):
            if event.name == "OptedOut":
                found.append(OptOut(event["member"], event["number"], event["ordinal"]))
            else:
                found += opt_outs_of_batch(event["firstOrdinal"], event["optOuts"])
        return found

    def opt_out_ordinal(self, sale_id: bytes, number: int) -> int:
        """The place of a member's refusal; 0 for none."""
        return int(self._contract.call("optOutOrdinal", sale_id, number))

    def refused_by(self, member: str) -> set[bytes]:
        """Ids of the sales (and listings) that a member opted out of, directly or in a batch."""
        alone = {bytes(event["target"]) for event in self._contract.events("OptedOut", member=member)}
        return alone | {
            bytes(event["target"])
            for event in self._contract.events("OptOutsCounted")
            if any(o.member == to_checksum_address(member) for o in opt_outs_of_batch(1, event["optOuts"]))
        }

    def excluded_leaves(self, sale_id: bytes) -> list[int]:
        """The fixed list, ascending."""
        return [int(leaf) for leaf in self._contract.call("excludedLeaves", sale_id)]

    def fixed_at(self, sale_id: bytes, *, first: int | None = None) -> tuple[int, int] | None:
        """(block, log index) from which on a sale's exclusions stand: fixed, or approved without any. None before.

        Nothing of it lies before the block `first`.
        """
        found = merged(self._contract, ("SaleApproved", "ExclusionsFixed"), first=first, saleId=sale_id)
        return (found[-1].block_number, found[-1].log_index) if found else None

    def approved(self, *, first: int | None = None) -> list[bytes]:
        """Ids of the sales approved from block `first` on."""
        return [bytes(event["saleId"]) for event in self._contract.events("SaleApproved", first=first)]

    def approved_in(self, sale_id: bytes) -> int:
        """The block in which a sale was approved. Raises NotFoundError if it was not."""
        found = list(self._contract.events("SaleApproved", saleId=sale_id))
        if not found:
            raise NotFoundError(f"The sale 0x{sale_id.hex()} was not approved.")
        return found[-1].block_number

    def staged_count(self, sale_id: bytes, caller: str, *, first: int | None = None) -> int:
        """How many excluded leaves this caller has staged from the block `first` on, the smallest first."""
        events = self._contract.events("ExclusionsStaged", first=first, saleId=sale_id, by=caller)
        counts = [event["leaves"] for event in events]
        return int(counts[-1]) if counts else 0

    def is_excluded(self, sale_id: bytes, number: int) -> bool:
        """By the counters stored at approval."""
        return bool(self._contract.call("isExcluded", sale_id, number))

    def deliveries(self, sale_id: bytes) -> list[NodeDelivery]:
        """Every verified node delivery of a sale, in cover order.

        Raises UntrustedDataError for what no contract emits.
        """
        events = list(self._contract.events("NodesDelivered", saleId=sale_id))
        if not events:
            return []
        misfit = f"The deliveries of sale 0x{sale_id.hex()} do not fit its cover."
        sale = self.sale(sale_id)
        try:
            nodes = cover(sale.members, sale.height, self.excluded_leaves(sale_id))
        except InputError as wrong:
            raise UntrustedDataError(misfit) from wrong
        place = {node.first_leaf: at for at, node in enumerate(nodes)}
        found = []
        for event in events:
            at, points = place.get(event["firstLeaf"], len(nodes)), event["points"]
            if at + len(points) > len(nodes):
                raise UntrustedDataError(misfit)
            for node, pair in zip(nodes[at:], points, strict=False):
                c1, c2 = (G1Point.from_compressed(word).words for word in pair)
                found.append(NodeDelivery(node.height, node.index, c1, c2))
        return found

    def skipped(self, sale_id: bytes) -> list[SkipReason]:
        """Why approvals passed this sale by, if any did."""
        return [SkipReason(e["reason"]) for e in self._contract.events("SaleSkipped", saleId=sale_id)]

    def max_excluded(self) -> int:
        return int(self._contract.call("maxExcluded"))

    def windows(self) -> tuple[int, int]:
        """(delivery window, grace) in seconds, for offers made from now on."""
        delivery, grace = self._contract.call("windows")
        return int(delivery), int(grace)
