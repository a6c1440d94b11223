from __future__ import annotations

from collections.abc import Iterator

import pytest

from unwrapped_dao.crypto.bn254 import BackendName, select_backend


@pytest.fixture(params=["native", "reference"])
def curve(request: pytest.FixtureRequest) -> Iterator[BackendName]:
    """Run the test with both curve libraries; the second is slow, so such a test does few pairings."""
    yield select_backend(request.param)
    select_backend("auto")
