"""docs/randomised-counts.md: its example runs, its table is the committed benchmark, which comes out again."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from random import Random

import pytest

from benchmarks.dp_accuracy import COMMITTED, measure

PAGE = (Path(__file__).parents[2] / "docs" / "randomised-counts.md").read_text(encoding="utf-8")
FIGURES = json.loads(COMMITTED.read_text())


def test_the_example_finds_what_members_have(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(7)
    monkeypatch.setattr(secrets, "token_bytes", random.randbytes)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(compile(example, "randomised-counts.md", "exec"), {})
    told = [
        re.findall(r"(\w+): about (-?\d+) of 600 .* (\d+)", line)[0] for line in capsys.readouterr().out.splitlines()
    ]
    assert [name for name, _, _ in told] == ["Zelvora", "Quorvane", "Nobody"]
    for (_, count, deviation), truth in zip(told, (600, 300, 0), strict=True):
        assert abs(int(count) - truth) < 3 * int(deviation)


def test_the_table_is_the_committed_benchmark() -> None:
    for size in FIGURES["sizes"]:
        row = " | ".join(f"{value:,}" for value in size.values())
        order = ("members", "deviation", "artists_above_four_deviations", "of_these_truly_among_the_top", "mean_error")
        assert tuple(size)[:5] == order and f"| {row} |" in PAGE
    assert f"ε = {FIGURES['epsilon']:.0f}" in PAGE


def test_the_figures_of_a_thousand_members_come_out_again() -> None:
    assert measure(1_000) == FIGURES["sizes"][0]
