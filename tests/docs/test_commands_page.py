"""docs/commands.md names the commands there are, with an example of each that the program understands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from unwrapped_dao.cli.program import program

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "commands.md").read_text("utf-8")
EXAMPLES = [shlex.split(line)[1:] for line in PAGE.split("```console\n")[1].split("```")[0].splitlines() if line]


def commands(group: Any, before: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command of the program, by its words."""
    found: dict[tuple[str, ...], Any] = {}
    for name, command in group.commands.items():
        words = (*before, name)
        found |= commands(command, words) if hasattr(command, "commands") else {words: command}
    return found


COMMANDS = commands(typer.main.get_command(program))


def command_of(line: list[str]) -> tuple[str, ...]:
    return tuple(line[:2]) if tuple(line[:2]) in COMMANDS else tuple(line[:1])


def test_the_table_names_every_command_and_no_other() -> None:
    named = set()
    for noun, row in re.findall(r"^\| `([\w-]+)` \| (.*) \|$", PAGE, re.M):
        verbs = re.match(r"(`[\w-]+` ?)+", row)
        named |= {(noun,)} if (noun,) in COMMANDS or verbs is None else {(noun, v) for v in verbs[0].split("`")[1::2]}
    assert named == set(COMMANDS)


def test_every_command_has_an_example() -> None:
    assert {command_of(line) for line in EXAMPLES} == set(COMMANDS)


@pytest.mark.parametrize("line", EXAMPLES, ids=" ".join)
def test_the_program_understands_the_example(line: list[str]) -> None:
    words = command_of(line)
    COMMANDS[words].make_context(words[-1], line[len(words) :])


def test_an_example_with_an_option_that_is_none_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        COMMANDS["pool", "seal"].make_context("seal", ["--scoop", "artist-preferences"])


def test_every_command_is_run_by_a_test() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    for words in COMMANDS:
        assert " ".join(words) in tests or '"' + '", "'.join(words) + '"' in tests, words
