"""Kinds are found by name, those from outside by entry point; a broken package is said to be broken."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from unwrapped_dao import kinds
from unwrapped_dao.errors import InputError, NotFoundError
from unwrapped_dao.kinds.heart_rate import HeartRate


class Outside(HeartRate):
    name = "steps"


OUTSIDE = Outside()
NOT_A_KIND = object()


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("steps", f"{__name__}:OUTSIDE", kinds.ENTRY_POINT_GROUP),
        EntryPoint("wrong-name", f"{__name__}:OUTSIDE", kinds.ENTRY_POINT_GROUP),
        EntryPoint("no-kind", f"{__name__}:NOT_A_KIND", kinds.ENTRY_POINT_GROUP),
        EntryPoint("broken", "nowhere.at.all:KIND", kinds.ENTRY_POINT_GROUP),
        EntryPoint("music", f"{__name__}:OUTSIDE", kinds.ENTRY_POINT_GROUP),
    ]
    monkeypatch.setattr(kinds, "entry_points", lambda group: points if group == kinds.ENTRY_POINT_GROUP else [])


@pytest.mark.usefixtures("entry_points")
def test_a_kind_from_outside_is_found() -> None:
    assert kinds.get("steps") is OUTSIDE
    assert set(kinds.names()[:2]) == {"music", "heart-rate"} and "steps" in kinds.names()[2:]


@pytest.mark.usefixtures("entry_points")
@pytest.mark.parametrize("name", ["wrong-name", "no-kind", "broken"])
def test_a_broken_package_is_said_to_be_broken(name: str) -> None:
    with pytest.raises(InputError, match=name):
        kinds.get(name)


@pytest.mark.usefixtures("entry_points")
def test_a_shipped_kind_cannot_be_replaced_and_a_broken_one_hides_no_scope() -> None:
    assert kinds.get("music").title == "Music listening"
    assert kinds.scope("resting-heart-rate").kind == "heart-rate"
    with pytest.raises(NotFoundError):
        kinds.scope("nothing")


def test_every_kind_fits_the_protocol() -> None:
    for name in kinds.names():
        assert isinstance(kinds.get(name), kinds.Kind)
