"""The sign of life of a committee key, by the threshold: each custodian posts its part, anybody combines t of them.

A part x_j·H(hb) signs one week's message and nothing else, so it may be public. It is posted in the event log of
shares, under the message's own hash in place of a sale id: both hashes have tags of their own, so neither can be the
other.
"""

from __future__ import annotations

from ...chain.collective import Collective
from ...chain.committee import WEEK_S, Generation
from ...chain.noting import about
from ...chain.signer import Signer
from ...crypto import shamir
from ...crypto.bn254 import G1Point
from ...crypto.committee import Board, sign_heartbeat, verify_heartbeat
from ...errors import DeliveryError, NotAllowedError, PointError
from ..identity import committee_key
from .seats import Seats
from .subjects import week_subject

Heartbeat = tuple[int, tuple[int, int]]
"""(week, S as affine words): what opening an epoch needs."""


def this_week(collective: Collective) -> int:
    """Seconds // 604800 of the chain's time."""
    return collective.client.now() // WEEK_S


def part(seats: Seats, generation: Generation, week: int) -> G1Point:
    """This custodian's part; of a 1-of-1 key the whole heartbeat."""
    return sign_heartbeat(seats.share(generation), seats.board(generation.number), week)


def post(collective: Collective, account: Signer, seats: Seats, generation: Generation) -> bool:
    """Post this week's part unless it is there; whether it was posted now. A 1-of-1 key needs no posting."""
    seat, week = seats.require(generation), this_week(collective)
    if seat.count == 1 or seat.index in _posted(collective, seats, generation, week):
        return False
    point = part(seats, generation, week).words
    message = seats.board(generation.number).heartbeat(week)
    with about(collective.client, week_subject(week)):
        collective.committee.post_shares(account, generation.number, message, 0, [point], [point])
    return True


def combined(collective: Collective, seats: Seats, generation: Generation) -> Heartbeat:
    """A heartbeat of this week or the last, from the parts on the chain and this custodian's own.

    Raises NotAllowedError that names who has not posted, while there are fewer than t.
    """
    week = this_week(collective)
    missing: list[str] = []
    for candidate in (week, week - 1):
        parts = _posted(collective, seats, generation, candidate)
        seat = seats.seat(generation)
        if seat is not None and seats.has_share(generation):
            parts[seat.index] = part(seats, generation, candidate)
        if len(parts) >= generation.threshold:
            return candidate, combine(parts, generation, seats.board(generation.number), candidate)
        missing = missing or [c for i, c in enumerate(generation.custodians, 1) if i not in parts]
    raise NotAllowedError(
        f"The committee's sign of life needs {generation.threshold} of {len(generation.custodians)} custodians; "
        f"these have not posted their part this week: {', '.join(missing)}.",
        hint="Each of them runs `unwrapped-dao custodian run`, which posts it, or `unwrapped-dao custodian heartbeat`.",
    )


def combine(parts: dict[int, G1Point], generation: Generation, board: Board, week: int) -> tuple[int, int]:
    """S from parts that were checked, and S checked once more."""
    chosen = {index: parts[index] for index in sorted(parts)[: generation.threshold]}
    signature = shamir.combine_points(chosen)
    verify_heartbeat(committee_key(generation), signature, board, week)
    return signature.words


def _posted(collective: Collective, seats: Seats, generation: Generation, week: int) -> dict[int, G1Point]:
    """The right parts of a week that stand on the chain, by custodian."""
    if len(generation.custodians) == 1:
        return {}
    board = seats.board(generation.number)
    public = seats.public_shares(generation)
    found: dict[int, G1Point] = {}
    for posted in collective.committee.posted_shares(generation.number, board.heartbeat(week)):
        for words in posted.c2:
            try:
                point = G1Point.from_words(words)
                verify_heartbeat(public[posted.index], point, board, week)
            except (PointError, DeliveryError, KeyError):
                continue
            found[posted.index] = point
    return found
