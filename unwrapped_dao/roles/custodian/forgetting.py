"""Deleting a share that is not needed any more: of a key that was shared anew, or that a vote retired.

What it was made from goes too, and what the account dealt of it to later custodians was made from: with either seed the
share can be worked out again from the chain. Until t of the old custodians have done so, they can open together all
that is under the key (docs/custodians.md).
"""

from __future__ import annotations

from ...chain.collective import Collective
from ...chain.committee import Generation, GenerationState
from ...chain.market import SaleState
from ...chain.powers import generations
from ...crypto.vault import Vault
from ...errors import NotAllowedError
from .finality import Finality
from .seats import Seats


def require_over(collective: Collective, generation: Generation, finality: Finality) -> None:
    """Raises NotAllowedError while somebody may still need this generation's custodians, by the final state."""
    final = Collective.at(finality.view(), collective.deployment)
    then = final.committee.generation(generation.number)
    if then.state is GenerationState.ACTIVE and final.committee.serving(generation.number) == generation.number:
        raise NotAllowedError(
            f"Committee key {generation.number} still serves its pools: without its shares they could not be sold.",
            hint="A share may go once a resharing of this key is formed and final, or a vote retired the key.",
        )
    if then.state not in (GenerationState.ACTIVE, GenerationState.RETIRED, GenerationState.GIVEN_UP):
        raise NotAllowedError(
            f"Committee key {generation.number} is {then.state.name.lower()} on the final chain.",
            hint="Look again later with `unwrapped-dao custodian status`.",
        )
    market = collective.market
    for sale_id in market.approved():
        sale = market.sale(sale_id)
        if sale.generation == generation.number and sale.state is SaleState.APPROVED:
            raise NotAllowedError(
                f"Sale 0x{sale_id.hex()[:12]}… was approved for committee key {generation.number} and waits for it.",
                hint="Its share may go once that sale is settled or refunded.",
            )


def resharings(collective: Collective, seats: Seats, generation: Generation) -> list[Generation]:
    """The generations to which this one's custodians dealt their shares.

    Raises NotAllowedError while one is forming, or formed and this account's share of it is not kept here.
    """
    found = [later for later in generations(collective) if later.source == generation.number]
    for later in found:
        forming = later.state is GenerationState.FORMING
        if forming or (later.state is GenerationState.ACTIVE and seats.seat(later) and not seats.has_share(later)):
            raise NotAllowedError(
                f"Committee key {later.number} is made from shares of key {generation.number}, and is not ready here.",
                hint="Run `unwrapped-dao custodian setup` until it is; a share that is not kept yet needs its seed.",
            )
    return found


def forget(seats: Seats, seeds: Vault, generation: Generation, seed_names: list[str]) -> list[str]:
    """Delete this account's share and these seeds; the names of what was deleted. Again it does the rest."""
    gone = [name for name in seed_names if seeds.has(name)]
    # The seeds first: killed in between, the share is still seen, and the same command deletes it.
    for name in gone:
        seeds.drop(name)
    if seats.drop(generation):
        gone.append(seats.name(generation.number))
    return gone
