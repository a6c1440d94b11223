from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from unwrapped_dao.crypto.bn254 import BackendName, reference, select_backend

#: Many vectors share pairs of points; a Miller loop in pure Python takes a quarter of a second.
_miller_once = cache(reference.ReferenceBackend._miller)


@pytest.fixture(params=["native", "reference"])
def curve(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[BackendName]:
    """Run the test with both curve libraries; the second is slow, so such a test does few pairings."""
    monkeypatch.setattr(reference.ReferenceBackend, "_miller", _miller_once)
    yield select_backend(request.param)
    select_backend("auto")
