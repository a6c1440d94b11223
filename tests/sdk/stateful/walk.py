"""Random walks over a class whose methods are marked `action` and `invariant`; one that fails is cut down and told.

Why not a rule-based state machine of Hypothesis: its walks begin small and each sees a random half of the rules, which
suits bugs near the start. Here sales, their settlement and claims lie fifty steps deep; and a seed kept here says the
same in every version of every library.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Several:
    """A list of `least` .. `most` different values."""

    values: Sequence[Any]
    least: int
    most: int


@dataclass(frozen=True)
class Either:
    """One of the first half the time, else of the second."""

    first: Sequence[Any]
    second: Sequence[Any]


Values = Sequence[Any] | Several | Either


@dataclass(frozen=True)
class Step:
    """An action and what it was given."""

    name: str
    given: dict[str, Any] = field(default_factory=dict)


class Story(Protocol):
    """What walks: `story` grows by a sentence per step."""

    story: list[str]

    def begin(self, source: random.Random) -> None: ...

    def end_of_story(self) -> None: ...


def action(weight: int, /, when: Callable[[Any], bool] = lambda self: True, **values: Values) -> Any:
    """Something that may happen, `weight` times as often as what has 1, while `when` holds."""

    def mark(method: Any) -> Any:
        method.action = (weight, when, values)
        return method

    return mark


def invariant(method: Any) -> Any:
    """What must hold after every step."""
    method.invariant = True
    return method


def _marked(kind: type, mark: str) -> dict[str, Any]:
    found = {name: method for each in reversed(kind.__mro__) for name, method in vars(each).items()}
    return {name: method for name, method in found.items() if hasattr(method, mark)}


def _draw(source: random.Random, values: Values) -> Any:
    if isinstance(values, Several):
        return source.sample(values.values, source.randint(values.least, values.most))
    if isinstance(values, Either):
        return source.choice(values.first if source.random() < 0.5 else values.second)
    return source.choice(values)


class Walk:
    """A life of `kind` by one seed."""

    def __init__(self, kind: Callable[[], Any], seed: int) -> None:
        self.kind, self.seed = kind, seed
        self.steps: list[Step] = []

    def run(self, steps: int) -> Any:
        """Walk `steps` actions; what has lived. Raises AssertionError with the story, cut down, if anything is off."""
        source = random.Random(self.seed)
        life = self.kind()
        actions = _marked(type(life), "action")
        bag = [name for name, method in actions.items() for _ in range(method.action[0])]
        try:
            life.begin(random.Random(self.seed))
            self._check(life)
            while len(self.steps) < steps:
                name = source.choice(bag)
                _, when, values = actions[name].action
                given = {key: _draw(source, each) for key, each in values.items()}
                if when(life):
                    self.steps.append(Step(name, given))
                    getattr(life, name)(**given)
                    self._check(life)
            life.end_of_story()
        except Exception as problem:
            raise AssertionError(self._told(life, problem)) from problem
        return life

    def _check(self, life: Any) -> None:
        for name in _marked(type(life), "invariant"):
            getattr(life, name)()

    def _told(self, life: Any, problem: Exception) -> str:
        whole = len(self.steps)
        self.steps, life, problem = self._cut_down(life, problem)
        told = [f"{place:4}. {sentence}" for place, sentence in enumerate(life.story, start=1)]
        called = [
            f"    life.{step.name}({', '.join(f'{k}={v!r}' for k, v in step.given.items())})" for step in self.steps
        ]
        title = f"seed {self.seed}: {len(self.steps)} of {whole} steps are enough: {type(problem).__name__}: {problem}"
        return "\n".join([title, *told, "as calls, after begin:", *called])

    def _cut_down(self, life: Any, problem: Exception) -> tuple[list[Step], Any, Exception]:
        """Leave out ever smaller pieces, as long as it still fails in the same way (Zeller and Hildebrandt 2002)."""
        steps, size, tries = list(self.steps), max(1, len(self.steps) // 2), 0
        kind = _kind(problem)
        while tries < 400:
            at, shorter = 0, False
            while at < len(steps) and tries < 400:
                fewer = steps[:at] + steps[at + size :]
                tries += 1
                found = self._again(fewer)
                if found is not None and _kind(found[1]) == kind:
                    steps, shorter = fewer, True
                    life, problem = found
                else:
                    at += size
            if size == 1 and not shorter:
                break
            size = max(1, size // 2)
        return steps, life, problem

    def _again(self, steps: Sequence[Step]) -> tuple[Any, Exception] | None:
        life = self.kind()
        try:
            life.begin(random.Random(self.seed))
            self._check(life)
            for step in steps:
                if getattr(type(life), step.name).action[1](life):
                    getattr(life, step.name)(**step.given)
                    self._check(life)
            life.end_of_story()
        except Exception as problem:
            return life, problem
        return None


def _kind(problem: Exception) -> tuple[str, int]:
    """What went wrong and where: the innermost line in this folder."""
    trace, line = problem.__traceback__, 0
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).parent == Path(__file__).parent:
            line = trace.tb_lineno
        trace = trace.tb_next
    return type(problem).__name__, line
