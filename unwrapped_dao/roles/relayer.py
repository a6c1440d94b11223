"""A relayer: what anybody may do for the collective and pays the gas of. It holds no power and no secret."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..chain.collective import Collective
from ..chain.governor import Proposal, ProposalState
from ..chain.registry import Pool, PoolState
from ..chain.requests import Request
from ..chain.signer import Signer
from ..errors import NotAllowedError, TemporaryError
from ..validation.request import BatchAttester
from .identity import Progress, no_progress
from .relaying import Relayed, Relaying


class Relayer:
    """One account that moves pools and proposals along when their time has come."""

    def __init__(self, collective: Collective, account: Signer) -> None:
        self._collective = collective
        self._account = account

    def __repr__(self) -> str:
        return f"<Relayer {self._account.address}>"

    def open_epoch(self, scope_id: bytes, week: int, heartbeat: tuple[int, int]) -> Pool:
        """Open the next epoch of a scope with a custodian's heartbeat; the open one if there is one."""
        registry = self._collective.registry
        if (epoch := registry.latest_epoch(scope_id)) and registry.pool(scope_id, epoch).state is not PoolState.SEALED:
            return registry.pool(scope_id, epoch)
        registry.open_epoch(self._account, scope_id, week, heartbeat)
        return registry.current_pool(scope_id)

    def announce(self, pool: Pool) -> Pool:
        """Announce the seal of an open pool that is old and heavy enough."""
        pool = self._fresh(pool)
        if pool.state is PoolState.OPEN:
            self._collective.registry.announce_seal(self._account, pool)
        return self._fresh(pool)

    def seal(self, pool: Pool) -> Pool:
        """Record the seal of a pool whose notice is over; a sealed pool stays as it is."""
        pool = self._fresh(pool)
        if pool.state is PoolState.OPEN:
            raise NotAllowedError(
                f"The seal of epoch {pool.epoch} was not announced.",
                hint="Announce it first (`unwrapped-dao pool announce`).",
            )
        if pool.state is PoolState.ANNOUNCED:
            self._collective.client.wait_until(pool.seals_at)
        if self._fresh(pool).state is not PoolState.SEALED:
            self._collective.registry.seal(self._account, pool)
        return self._fresh(pool)

    def queue(self, proposal: Proposal, progress: Progress = no_progress) -> ProposalState:
        """Wait for the end of the vote and start the timelock; raises NotAllowedError if the vote failed."""
        governor, client = self._collective.governor, self._collective.client
        client.wait_until(proposal.vote_end + 1)
        state = governor.state(proposal.id)
        if state is ProposalState.SUCCEEDED:
            governor.queue(self._account, proposal)
            state = governor.state(proposal.id)
        if state in (ProposalState.PENDING, ProposalState.ACTIVE):
            raise TemporaryError(
                f"The vote goes on for {proposal.vote_end - client.now()} seconds.",
                hint="Run the same command again when it is over.",
            )
        if state not in (ProposalState.QUEUED, ProposalState.EXECUTED):
            tally, quorum = governor.tally(proposal.id), governor.quorum(proposal.vote_start)
            raise NotAllowedError(
                f"The proposal is {state.name.lower()}: {tally.in_favour} for, {tally.against} against, "
                f"{tally.abstain} abstain. It needed more for than against and a quorum of {quorum}.",
                hint="A member may propose the same again: `unwrapped-dao proposal create ... --note TEXT`.",
            )
        return state

    def execute(self, proposal: Proposal, progress: Progress = no_progress) -> ProposalState:
        """Wait out the timelock of a queued proposal and execute it, once."""
        governor, client = self._collective.governor, self._collective.client
        if self.queue(proposal, progress) is ProposalState.QUEUED:
            client.wait_until(governor.eta(proposal.id))
            governor.execute(self._account, proposal)
        return governor.state(proposal.id)

    def submit(
        self,
        requests: Sequence[Request],
        progress: Progress = no_progress,
        *,
        validators: Sequence[BatchAttester] = (),
        told: Callable[[str], None] = lambda _: None,
    ) -> list[Relayed]:
        """Relay members' signed requests in batches and pay for them; see Relaying. `told` which validators did not
        sign a batch."""
        relaying = Relaying(self._collective, self._account, validators)
        answers = relaying.submit(requests, progress)
        for who, problem in relaying.unhelpful:
            told(f"{who} signed no batch, so what it had attested went one by one: {problem.message} {problem.hint}")
        return answers

    def _fresh(self, pool: Pool) -> Pool:
        return self._collective.registry.pool(pool.scope_id, pool.epoch)
