"""The fixture `kubo`: a real node, offline, on free ports of 127.0.0.1, in a temporary repository. Import it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.kubo import KuboNode, find, running


def kubo_binary() -> Path:
    """The `ipfs` to test with, or a skip that says how to get one; building it takes minutes, so tests do not."""
    binary = find()
    if binary is None:
        pytest.skip("no Kubo: put `ipfs` on PATH, or let `make kubo` build it with Go")
    return binary


@pytest.fixture(scope="module")
def kubo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KuboNode]:
    with running(kubo_binary(), tmp_path_factory.mktemp("kubo")) as node:
        yield node
