"""Deleting a share that is not needed any more: of a key that was shared anew, or that a vote retired.

What it was made from goes too, else the share could be made again from the chain. Until t of the old custodians have
done so, they can open together all that is under the key (docs/custodians.md).
"""

from __future__ import annotations

from ...chain.collective import Collective
from ...chain.committee import Generation, GenerationState
from ...chain.market import SaleState
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


def forget(seats: Seats, seeds: Vault, generation: Generation, seed_name: str) -> list[str]:
    """Delete this account's share and its seed; the names of what was deleted. Again it does the rest."""
    gone = []
    # The seed first: killed between the two, the share is still seen, and the same command deletes it.
    if seeds.has(seed_name):
        seeds.drop(seed_name)
        gone.append(seed_name)
    if seats.drop(generation):
        gone.append(seats.name(generation.number))
    return gone
