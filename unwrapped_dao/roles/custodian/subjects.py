"""What a custodian's transactions are about: a sale, a key, a week's sign of life, a payment; and when that is over.

The notes about what is over are dropped: nothing will ask for those transactions again, so none can be sent twice.
"""

from __future__ import annotations

from ...chain.collective import Collective
from ...chain.committee import GenerationState
from ...chain.market import SaleState
from ..earnings import SUBJECT as PAYMENT

_SALE, _KEY, _WEEK = "sale-", "key-", "week-"


def sale_subject(sale_id: bytes) -> str:
    """Exclusions, READY, shares and deliveries of a sale."""
    return f"{_SALE}{sale_id.hex()}"


def key_subject(generation: int) -> str:
    """One custodian's part in forming or resharing a key."""
    return f"{_KEY}{generation}"


def week_subject(week: int) -> str:
    """The sign of life of one week."""
    return f"{_WEEK}{week}"


def is_over(subject: str, final: Collective, week: int) -> bool:
    """Whether nothing about it will be sent again, by the final state of the chain. `week` is the present one."""
    if subject.startswith(_SALE):
        sale = final.market.sale(bytes.fromhex(subject.removeprefix(_SALE)))
        return sale.state in (SaleState.SETTLED, SaleState.REFUNDED)
    if subject.startswith(_KEY):
        state = final.committee.generation(int(subject.removeprefix(_KEY))).state
        return state not in (GenerationState.NONE, GenerationState.FORMING)
    if subject.startswith(_WEEK):
        return int(subject.removeprefix(_WEEK)) < week - 1
    # A payment is asked for only while it is due: once its transaction is final, the chain itself remembers it.
    return subject.startswith(PAYMENT)
