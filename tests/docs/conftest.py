from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.docs.rehearsal import Told, tell


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The whole tutorial, once; who asks for it belongs to the group `tutorial`, which one worker runs."""
    folder = tmp_path_factory.mktemp("tutorial")
    yield tell(folder)
    shutil.rmtree(folder)
