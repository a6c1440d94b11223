"""One lifelike history for the tests that need a whole life."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.sdk.insights.lifelike import lifelike
from unwrapped_dao.kinds.music.listens import Listens


@pytest.fixture(scope="session")
def life() -> Listens:
    """Two years of an invented person in Berlin."""
    return lifelike("anna", first=dt.date(2023, 1, 1), last=dt.date(2024, 12, 31))


@pytest.fixture(scope="session")
def account() -> Listens:
    """The same life as account data tells it."""
    return lifelike("anna", first=dt.date(2023, 1, 1), last=dt.date(2024, 12, 31), account=True)
