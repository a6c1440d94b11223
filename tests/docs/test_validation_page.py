"""benchmarks/validation.md and .svg are what its figures say, and the figures keep what is promised."""

from __future__ import annotations

import json

from benchmarks.validation import HERE
from benchmarks.validation_parts.forgeries import FORGERIES
from benchmarks.validation_parts.habits import HABITS
from benchmarks.validation_parts.page import missed, plot, table

FIGURES = json.loads((HERE / "validation.json").read_text())


def test_promises_hold_at_default_thresholds() -> None:
    assert missed(FIGURES) == []
    assert set(FIGURES["forgeries"]) == set(FORGERIES) and set(FIGURES["habits"]) == set(HABITS)


def test_a_promise_that_does_not_hold_is_told() -> None:
    worse = json.loads(json.dumps(FIGURES)) | {"false_alarms": 1}
    worse["forgeries"]["another's file, shifted in time"]["10"]["refused_percent"] = 99
    worse["forgeries"]["random rows"]["50"]["refused_percent"] = 94
    worse["forgeries"]["random rows"]["25"]["refused_percent"] = 0
    assert len(missed(worse)) == 3


def test_page_and_picture_are_of_these_figures() -> None:
    assert (HERE / "validation.md").read_text(encoding="utf-8") == table(FIGURES)
    assert (HERE / "validation.svg").read_text(encoding="utf-8") == plot(FIGURES)
