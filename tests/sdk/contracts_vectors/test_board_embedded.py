"""The board on the embedded chain: a key formed and shared anew; and the same on a chain without the precompiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from eth_account import Account

from benchmarks.gas_lines.committee import Generation
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.board import Phase
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.committee import Committee, GenerationState
from unwrapped_dao.chain.contract import create
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.chain.local.precompiles import LocalComputation
from unwrapped_dao.chain.outbox import Receipt
from unwrapped_dao.errors import ContractRefusedError, NotFoundError

MODEXP, ECADD, ECMUL, ECPAIRING = 5, 6, 7, 8
ETHER = 10**18
MOST_GAS = 16_777_216  # of one transaction, EIP-7825


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with LocalChain.in_memory() as local:
        yield local


@pytest.fixture(scope="module")
def formed(chain: LocalChain) -> Generation:
    """A 2-of-3 committee, all its steps taken, each refused first for want of each precompile that it needs."""
    client, owner = ChainClient(chain), chain.faucet
    custodians = [Account.create() for _ in range(3)]
    for custodian in custodians:
        client.send(owner, custodian.address, value=ETHER)
    addresses = [custodian.address for custodian in custodians]
    made, _ = create(client, owner, artifacts.load("KeyCommittee"), owner.address, addresses, 2, 300)
    generation = Generation(Committee(made), client.chain_id, 1, custodians, 2)
    _step(generation.register, ECADD, ECMUL)
    _step(generation.commit)
    _step(generation.deal, ECADD, ECMUL)
    _step(generation.publish)
    _step(generation.finish, ECADD, ECMUL, ECPAIRING)
    return generation


def _step(step: Callable[[], list[Receipt]], *needed: int) -> None:
    """Refused without any one of the precompiles, and then taken: a call that returns nothing is no answer."""
    for missing in needed:
        with pytest.MonkeyPatch.context() as patch:
            present = dict(LocalComputation._precompiles)
            del present[missing.to_bytes(20, "big")]  # type: ignore[arg-type]
            patch.setattr(LocalComputation, "_precompiles", present)
            with pytest.raises(ContractRefusedError) as refused:
                step()
            assert refused.value.error == "PrecompileFailed"
    step()


def test_no_step_takes_a_missing_precompile_for_an_answer(formed: Generation) -> None:
    found = formed.committee.generation(1)
    assert found.state is GenerationState.ACTIVE
    assert (found.x, found.shape) == (formed.polynomial.points[0].words, "2-of-3")


def test_what_stands_on_the_board_is_what_was_posted(formed: Generation) -> None:
    board = formed.committee.board
    assert board.encryption_keys(1) == {j: key.words for j, key in formed.public.items()}
    deals = board.deals(1)
    assert {i: (posted.salt, posted.deal.shares) for i, posted in deals.items()} == {
        i: (dealing.salt, dealing.deal.shares) for i, dealing in formed.dealings.items()
    }
    assert board.commitments(1) == {
        i: dealing.deal.commitment(formed.board, i, dealing.salt) for i, dealing in formed.dealings.items()
    }
    assert len(board.published_share_keys(1)) == 3
    fixed = board.share_keys(1)
    assert fixed.polynomial == formed.polynomial.words
    assert list(fixed.share_keys) == [words for _, words in sorted(board.published_share_keys(1).items())]
    assert board.formation(1).phase is Phase.NONE
    with pytest.raises(NotFoundError):
        board.share_keys(2)


def test_a_resharing_needs_modular_inverses_as_well(formed: Generation, chain: LocalChain) -> None:
    client = ChainClient(chain)
    addresses = [custodian.address for custodian in formed.custodians]
    client.send(chain.faucet, formed.committee.address, formed.committee.board.reshare_calldata(1, addresses[:2], 2))
    formation = formed.committee.board.formation(2)
    assert (formation.phase, formation.source, formation.registered) == (Phase.REGISTER, 1, frozenset())
    again = Generation(formed.committee, client.chain_id, 2, formed.custodians[:2], 2, formed)
    for step in (again.register, again.commit, again.deal, again.publish):
        step()
    assert formed.committee.board.formation(2).published == {1, 2}
    _step(again.finish, MODEXP, ECADD, ECMUL)
    assert formed.committee.generation(2).y == formed.committee.generation(1).y
    assert formed.committee.serving(1) == 2


def test_every_step_of_the_largest_committee_fits_a_transaction(chain: LocalChain) -> None:
    """32 custodians, threshold 17: the finish carries 17 commitments of each and 33 points of G2."""
    client, owner = ChainClient(chain), chain.faucet
    custodians = [Account.create() for _ in range(32)]
    for custodian in custodians:
        client.send(owner, custodian.address, value=ETHER)
    addresses = [custodian.address for custodian in custodians]
    made, _ = create(client, owner, artifacts.load("KeyCommittee"), owner.address, addresses, 17, 300)
    generation = Generation(Committee(made), client.chain_id, 1, custodians, 17)
    steps = (generation.register, generation.commit, generation.deal, generation.publish, generation.finish)
    spent = [max(receipt.gas_used for receipt in step()) for step in steps]
    assert max(spent) < MOST_GAS
    assert generation.committee.generation(1).shape == "17-of-32"
