"""What a transaction offers for its gas, and what it must offer to take the place of one with the same number.

A node lets a waiting transaction be replaced when both its fees rise by a tenth (go-ethereum's `txpool.pricebump`, and
the same in Anvil, Besu, Erigon, Nethermind and Reth); an eighth leaves room for rounding.
"""

from __future__ import annotations

from typing import Any

import msgspec

GWEI = 10**9
RISE_NUMERATOR, RISE_DENOMINATOR = 9, 8


def ether_text(wei: int) -> str:
    """Wei for people, cut to six places, without a float."""
    whole, rest = divmod(wei, 10**18)
    fraction = f"{rest:018d}"[:6].rstrip("0")
    return f"{whole:,}{'.' + fraction if fraction else ''} ETH"


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """EIP-1559, in wei per unit of gas: the most that is paid, and what of it goes to the block's maker at most.

    On a chain without a base fee the two are one price.
    """

    most_wei: int
    tip_wei: int

    @classmethod
    def of(cls, transaction: dict[str, Any]) -> Fees:
        """Of a transaction that is about to be signed."""
        if "gasPrice" in transaction:
            return cls(most_wei=transaction["gasPrice"], tip_wei=transaction["gasPrice"])
        return cls(most_wei=transaction["maxFeePerGas"], tip_wei=transaction["maxPriorityFeePerGas"])

    def written_into(self, transaction: dict[str, Any]) -> dict[str, Any]:
        """The same transaction, offering this."""
        if "gasPrice" in transaction:
            return transaction | {"gasPrice": self.most_wei}
        return transaction | {"maxFeePerGas": self.most_wei, "maxPriorityFeePerGas": self.tip_wei}

    def at_most(self, ceiling_wei: int | None) -> Fees:
        """Not above the ceiling; None: there is none."""
        if ceiling_wei is None or self.most_wei <= ceiling_wei:
            return self
        return Fees(most_wei=ceiling_wei, tip_wei=min(self.tip_wei, ceiling_wei))

    def raised(self, usual: Fees, ceiling_wei: int | None) -> Fees | None:
        """What replaces this: at least an eighth more of both, at least what is `usual` now; None above the ceiling."""
        least = Fees(most_wei=_eighth_more(self.most_wei), tip_wei=_eighth_more(self.tip_wei))
        if ceiling_wei is not None and least.most_wei > ceiling_wei:
            return None
        wanted = Fees(most_wei=max(least.most_wei, usual.most_wei), tip_wei=max(least.tip_wei, usual.tip_wei))
        return wanted.at_most(ceiling_wei)

    def __str__(self) -> str:
        whole, rest = divmod(self.most_wei, GWEI)
        fraction = f"{rest:09d}"[:3].rstrip("0")
        return f"{whole:,}{'.' + fraction if fraction else ''} gwei"


def _eighth_more(wei: int) -> int:
    return -(-wei * RISE_NUMERATOR // RISE_DENOMINATOR)
