"""The cover in Solidity equals brute force for all subsets of up to 16 leaves; on Anvil, where that takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_utils import keccak

from tests.contracts.support import cover_model
from tests.e2e.chain_nodes import running
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.contract import create

pytestmark = pytest.mark.long

HARNESS = artifacts.load("CoverHarness", Path(__file__).parents[1] / "artifacts")
HEIGHT, CHUNK = 4, 512


def _digest(n: int, masks: range) -> bytes:
    """As the harness says: one word for each subset, one byte for each node of its cover."""
    digest = bytes(32)
    for mask in masks:
        packed = 0
        for height, index in cover_model.step_cover(HEIGHT, n, {leaf for leaf in range(n) if mask >> leaf & 1}):
            packed = packed << 8 | height << 5 | index
        digest = keccak(digest + packed.to_bytes(32, "big"))
    return digest


@pytest.mark.timeout(600)
def test_every_subset_of_up_to_16_leaves_has_the_cover_that_brute_force_finds() -> None:
    """The model is compared with the definition for the same subsets in tests/sdk/contracts_vectors."""
    with running("anvil") as node:
        tree = create(node.client(), node.funded, HARNESS)[0]
        for n in range(1, 17):
            for start in range(0, 2**n, CHUNK):
                masks = range(start, min(start + CHUNK, 2**n))
                found = tree.call("digestOfCovers", HEIGHT, n, masks.start, masks.stop, 1)
                assert found == _digest(n, masks), (n, start)
