"""Invented exports are deterministic, in the services' formats, and inside the ranges seen in real accounts."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from unwrapped_dao import kinds, samples
from unwrapped_dao.errors import InputError
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.kinds.music.checks.playback import uuid_version

MUSIC = kinds.get("music")


def digest(path: Path) -> str:
    state = hashlib.sha256()
    for item in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if item.is_file():
            state.update(item.name.encode() + item.read_bytes())
    return state.hexdigest()


@pytest.fixture(scope="module")
def histories() -> list[tuple[str, Listens]]:
    with samples.exports(6, seed=11) as made:
        return [(export.format, MUSIC.read(export).records) for export in made]


def test_same_seed_same_bytes_other_seed_others() -> None:
    one, two, other = (samples.exports(3, seed=seed, min_plays=200, max_plays=300) for seed in (5, 5, 6))
    assert [digest(e.path) for e in one] == [digest(e.path) for e in two]
    assert not {digest(e.path) for e in one} & {digest(e.path) for e in other}


def test_folder_is_deleted_on_exit_and_lives_as_long_as_an_export() -> None:
    with samples.exports(1, min_plays=100, max_plays=100) as made:
        path = made[0].path
        assert path.exists()
    assert not path.exists()
    export = samples.exports(1, min_plays=100, max_plays=100)[0]
    assert Path(export).exists(), "the export alone keeps its folder"


def test_formats_alternate_and_hold_what_they_say(histories: list[tuple[str, Listens]]) -> None:
    assert [form for form, _ in histories] == list(samples.FORMATS)
    for form, records in histories:
        source = "spotify-account" if form.startswith("account") else "spotify-extended"
        assert set(records.texts("source")) == {source}
        assert 4_900 < len(records) < 12_500


def test_impossible_numbers_are_refused() -> None:
    for bad in ({"count": 0}, {"min_plays": 5}, {"min_plays": 500, "max_plays": 400}, {"format": "cassette"}):
        with pytest.raises(InputError):
            samples.exports(**bad)  # type: ignore[arg-type]


def test_third_party_file_comes_with_its_licence() -> None:
    sample = samples.third_party()
    assert not sample.invented and sample.licence == "MIT"
    assert sample.notice and "Copyright (c) 2025 Gabe Farrell" in sample.notice and "WITHOUT WARRANTY" in sample.notice
    manifest = "72dc30eb195f76dce26a1fc25d046e2e090f6f5ace13b9351a6a02760c9a84f3"
    assert hashlib.sha256(sample.path.read_bytes()).hexdigest() == manifest


def test_habits_are_inside_the_ranges_of_real_accounts(histories: list[tuple[str, Listens]]) -> None:
    for _, r in histories:
        starts, played = r.integers("start_ms"), r.integers("played_ms")
        hours = Counter(s // 3_600_000 % 24 for s, p in zip(starts, played, strict=True) if p >= 30_000)
        total = sum(hours.values())
        entropy = -sum(n / total * math.log2(n / total) for n in hours.values()) / math.log2(24)
        assert 0.78 <= entropy <= 0.97
        quiet = min(sum(hours[(h + i) % 24] for i in range(5)) for h in range(24)) / total
        assert quiet <= 0.06
        days: dict[int, int] = defaultdict(int)
        for s, p in zip(starts, played, strict=True):
            days[s // 86_400_000] += p
        assert 5 <= max(days.values()) / 3_600_000 <= 14
        assert 0.7 <= statistics.median(days.values()) / 3_600_000 <= 4.5
        artists = Counter(r.texts("artist"))
        assert 0.015 <= artists.most_common(1)[0][1] / len(r) <= 0.2
        assert 0.05 <= sum(p < 30_000 for p in played) / len(r) <= 0.75
        assert 0.2 <= len(set(played)) / len(r) <= 0.75
        assert sum(p % 1000 == 0 for p in played) / len(r) <= 0.05


def test_ids_are_version_4_and_reasons_chain(histories: list[tuple[str, Listens]]) -> None:
    for form, r in histories:
        if form.startswith("account"):
            continue
        ids = {i for i, k in zip(r.texts("track_id"), r.texts("kind"), strict=True) if k == "music" and i}
        assert {uuid_version(i) for i in ids} == {4}
        ends = set(r.texts("reason_end"))
        assert {"trackdone", "fwdbtn", "logout"} <= ends


def test_no_play_overlaps_the_next(histories: list[tuple[str, Listens]]) -> None:
    for form, r in histories:
        if form.startswith("account"):
            continue
        starts, played = r.integers("start_ms"), r.integers("played_ms")
        over = sum(1 for i in range(len(r) - 1) if starts[i] + played[i] > starts[i + 1] + 2_000)
        assert over / len(r) < 0.01
