"""The custodian's verbs: setup, heartbeat, serve, status.

With one custodian (1-of-1) that one person can read every envelope; every screen says so.
"""

from __future__ import annotations

import time

from ...chain.collective import Collective
from ...chain.committee import Generation
from ...chain.market import Offer, Sale, SaleState
from ...chain.noting import MemoryNotes, Notes, NotingClient
from ...chain.signer import Signer
from ...crypto.tree import Node
from ...crypto.vault import Vault
from ...errors import NotFoundError
from ..earnings import Collected, Earnings
from ..identity import Progress, no_progress, sale_cover
from . import forgetting, heartbeats
from .ceremony import Ceremony, Stand
from .finality import Finality
from .heartbeats import Heartbeat
from .seats import Seats
from .serving import Deed, Outcome, Serving, Tell, quiet
from .subjects import is_over


class Custodian:
    """One account acting as a custodian. `vault` keeps its shares and what they are made from, encrypted.

    `finality` is the block tag it acts on, `notes` what survives it, `witness` a second node that must agree.
    """

    def __init__(
        self,
        collective: Collective,
        account: Signer,
        vault: Vault,
        *,
        seeds: Vault | None = None,
        finality: Finality | None = None,
        notes: Notes | None = None,
    ) -> None:
        self._collective = collective
        self._account = account
        self.seats = Seats(collective, self.address, vault)
        self._finality = finality or Finality(collective.client, "latest", notes or MemoryNotes())
        self._seeds = seeds or vault
        self._ceremony = Ceremony(collective, account, self.seats, self._seeds, self._finality)
        self._posted = 0, 0
        self._serving = Serving(collective, account, self.seats, self._finality)

    def __repr__(self) -> str:
        return f"<Custodian {self.address}>"

    @property
    def address(self) -> str:
        return str(self._account.address)

    def setup(self, *, eager: bool = True) -> Stand:
        """Do all that the newest key asks of this custodian now; again, or after a kill, it goes on from there.

        `eager` does not leave to others what anybody may do once.
        """
        return self._ceremony.step(eager=eager)

    def has_part_in_forming(self) -> bool:
        """Whether a key is forming in which this custodian deals or receives, or whose share it has to keep yet."""
        return self._ceremony.has_part()

    def heartbeat(self) -> Heartbeat:
        """(week, S): a recent sign of life of the current key, which opening an epoch needs."""
        return heartbeats.combined(self._collective, self.seats, self._collective.committee.current())

    def post_heartbeat(self) -> bool:
        """Post this custodian's part of this week's sign of life; whether there was anything to post."""
        try:
            generation = self._collective.committee.current()
        except NotFoundError:
            return False
        week = heartbeats.this_week(self._collective)
        if not self.seats.has_share(generation) or self._posted == (generation.number, week):
            return False
        posted = heartbeats.post(self._collective, self._account, self.seats, generation)
        self._posted = generation.number, week
        return posted

    def newest_age_s(self) -> int | None:
        """How old the newest block is by this machine's clock; None where the chain's clock is its own."""
        client = self._collective.client
        return None if client.can_move_time else int(time.time()) - client.now()

    def pending_sales(self) -> list[tuple[bytes, Offer, Sale]]:
        """Approved sales that are not delivered yet."""
        market = self._collective.market
        found = [(sale_id, offer, market.sale(sale_id)) for sale_id, offer in market.offers().items()]
        return [item for item in found if item[2].state is SaleState.APPROVED]

    def run_once(self, progress: Progress = no_progress, tell: Tell = quiet, *, eager: bool = True) -> Outcome:
        """Do all that can be done now for approved sales. `eager` does not wait for this custodian's turn."""
        outcome = self._serving.once(eager=eager, progress=progress, tell=tell)
        self._forget_what_is_over()
        return outcome

    def _forget_what_is_over(self) -> None:
        """Drop the notes that can never be asked for again; without this they would grow for ever."""
        client = self._collective.client
        if not isinstance(client, NotingClient) or not (subjects := client.subjects()):
            return
        final = self._finality.view()
        then, week = Collective.at(final, self._collective.deployment), heartbeats.this_week(self._collective)
        for subject in subjects:
            if is_over(subject, then, week):
                client.forget(subject, hex(final.block.number))

    def cover(self, sale_id: bytes, offer: Offer) -> tuple[Node, ...]:
        """The nodes that a complete delivery of this sale consists of."""
        return sale_cover(self._collective, self._collective.registry.pool(offer.scope_id, offer.epoch), sale_id)

    def fix_exclusions(self, sale_id: bytes) -> bool:
        """Pass the excluded leaves, if that is still to do; False if the sale was refunded by it."""
        return self._serving.fix_exclusions(sale_id)

    def forget(self, number: int) -> list[str]:
        """Delete this account's share of a key that was shared anew or retired, and what it could be made from again.

        The names of what was deleted. Raises NotAllowedError while the share may still be needed.
        """
        generation = self._collective.committee.generation(number)
        self.seats.require(generation)
        forgetting.require_over(self._collective, generation, self._finality)
        later = forgetting.resharings(self._collective, self.seats, generation)
        seeds = [self._ceremony.seed_name(g.number) for g in (generation, *later)]
        return forgetting.forget(self.seats, self._seeds, generation, seeds)

    def earnings(self) -> Earnings:
        """What this custodian earned as an operator, or was credited, and has not collected yet."""
        return Earnings(self._collective, self._account)

    def collect(self, progress: Progress = no_progress) -> Collected:
        """Have it all paid, in every generation and currency; again pays nothing."""
        return self.earnings().collect(progress)

    def is_spare(self, generation: Generation) -> bool:
        """Whether a share of it is kept here although another generation serves the key by now."""
        return self.holds(generation) and self._collective.committee.serving(generation.number) != generation.number

    def holds(self, generation: Generation) -> bool:
        """Whether a share of this generation is kept here."""
        return self.seats.has_share(generation)


__all__ = ["Custodian", "Deed", "Outcome"]
