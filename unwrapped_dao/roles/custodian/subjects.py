"""What a custodian's transactions are about: a sale, a committee key, a week's sign of life; and when that is over.

The notes about what is over are dropped: nothing will ask for those transactions again, so none can be sent twice.
"""

from __future__ import annotations

from collections.abc import Callable

from ...chain.committee import Committee, GenerationState

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


def is_over(subject: str, final: Committee, week: int, sale_is_over: Callable[[bytes], bool]) -> bool:
    """Whether nothing about it will be sent again, by the final state of the chain. `week` is the present one."""
    if subject.startswith(_SALE):
        return sale_is_over(bytes.fromhex(subject.removeprefix(_SALE)))
    if subject.startswith(_KEY):
        state = final.generation(int(subject.removeprefix(_KEY))).state
        return state not in (GenerationState.NONE, GenerationState.FORMING)
    if subject.startswith(_WEEK):
        return int(subject.removeprefix(_WEEK)) < week - 1
    return False
