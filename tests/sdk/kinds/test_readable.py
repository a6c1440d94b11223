"""A preview is written for the person who consents; what is signed stays as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from unwrapped_dao import kinds, samples
from unwrapped_dao.cli.running import run
from unwrapped_dao.kinds.readable import readable

MOMENTS = {"start_ms": 1, "clock_s": 1_000, "hour": 3_600_000}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("start_ms", 1_730_277_191_587, ("start", "2024-10-30 08:33:11.587 UTC")),
        ("clock_s", 1_709_949_801, ("clock", "2024-03-09 02:03:21 UTC")),
        ("hour", 475_083, ("hour", "2024-03-13 03:00 UTC")),
        ("start_ms", 0, ("start", "1970-01-01 00:00 UTC")),
        ("played_ms", 588_413, ("played", "9 min 48.413 s")),
        ("played_s", 180, ("played", "3 min")),
        ("played_ms", 0, ("played", "0 s")),
        ("share_ppm", 1_000_000, ("share", "100%")),
        ("share_ppm", 90_870, ("share", "9.087%")),
        ("share_ppm", 1, ("share", "0.0001%")),
        ("played_ms", -1, ("played_ms", "-1")),
        ("private", False, ("private", "False")),
        ("artist", "20_ms", ("artist", "20_ms")),
        ("rank", 12, ("rank", "12")),
    ],
)
def test_values_are_told_in_full_and_for_reading(name: str, value: Any, told: tuple[str, str]) -> None:
    assert readable(name, value, MOMENTS) == told


def test_no_two_shares_and_no_two_lengths_are_told_alike() -> None:
    for name in ("share_ppm", "played_ms"):
        told = {readable(name, value, {}) for value in range(0, 200_000, 7)}
        assert len(told) == len(range(0, 200_000, 7))


@pytest.mark.parametrize("scope", ["artist-preferences", "track-history"])
def test_a_person_reads_times_and_percent_and_a_program_what_is_signed(
    scope: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["member", "preview", str(samples.third_party().path), "--scope", scope, "--rows", "2"]
    assert run(command) == 0
    told = capsys.readouterr().out
    assert "_ppm=" not in told and "_ms=" not in told and " UTC, played=" in told
    assert run([*command, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    music = kinds.get("music")
    made = kinds.preview(music, music.read(samples.third_party()), music.scopes[scope])
    assert data["rows"] == [dict(row) for row in made.rows]
    assert isinstance(data["rows"][0]["share_ppm" if scope == "artist-preferences" else "hour"], int)
    assert isinstance(data["records_sample"][0]["start_ms"], int)
