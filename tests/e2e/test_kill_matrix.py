"""Every writing command killed by SIGKILL and run again; `make kill-matrix` kills each at every step."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.kills import matrix, rounds
from tests.kills.life import DEMO, LIFE, Chapter, writing_verbs

SEED = 20_250_923
SAMPLE = 12

# The life that all of these interrupt is told within the first test.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def test_every_writing_command_is_in_the_matrix() -> None:
    assert [verb for verb in sorted(writing_verbs()) if not any(line.is_of(verb) for line in (*LIFE, DEMO))] == []


def test_a_life_has_hundreds_of_steps_and_each_of_its_commands_tells_last(chapters: list[Chapter]) -> None:
    assert sum(len(chapter.steps) for chapter in chapters) > 800
    for chapter in chapters:
        assert any(step.startswith("tell") for step in chapter.steps[-8:]), (chapter.line.text, chapter.steps)


@pytest.mark.parametrize("number", range(len(LIFE)), ids=[line.text.replace("/", "|")[:60] for line in LIFE])
def test_killed_after_its_last_change_it_does_nothing_twice(chapters: list[Chapter], number: int) -> None:
    assert matrix.failures(matrix.riskiest(chapters[number])) == []


def test_killed_before_its_very_last_step_a_command_that_notes_does_nothing_twice(chapters: list[Chapter]) -> None:
    noting = [chapter for chapter in chapters if chapter.steps[-1] != "tell"]
    assert noting
    for chapter in noting:
        assert matrix.failures(matrix.Case(chapter, len(chapter.steps))) == []


def test_killed_anywhere_and_run_again_nothing_is_lost(chapters: list[Chapter]) -> None:
    cases = [case for chapter in chapters for case in matrix.cases(chapter)]
    for case in Random(SEED).sample(cases, SAMPLE):
        assert matrix.failures(case) == []


def test_a_whole_life_of_kills_ends_like_an_undisturbed_one(chapters: list[Chapter], tmp_path: Path) -> None:
    lived = rounds.live(SEED, chapters, tmp_path / "life")
    assert lived.failures == ()
    assert lived.kills >= 10
