"""Which inputs of a fuzzer are worth keeping: those, the smallest first, that reach a line no kept one reaches."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import unwrapped_dao
from tests.fuzz.target import Target, read_one

PACKAGE = str(Path(unwrapped_dao.__file__).parent)


def lines_of(target: Target, data: bytes) -> set[tuple[str, int, int]]:
    """(file, line before, line) of every step inside the package while the bytes are read."""
    seen: set[tuple[str, int, int]] = set()

    def step(frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(PACKAGE):
            return None
        last = frame.f_lineno

        def inside(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal last
            if event == "line":
                seen.add((name, last, frame.f_lineno))
                last = frame.f_lineno
            return inside

        return inside

    sys.settrace(step)
    try:
        read_one(target, data)
    finally:
        sys.settrace(None)
    return seen


def worth_keeping(target: Target, kept: Iterable[bytes], found: Iterable[bytes], most: int) -> list[bytes]:
    """Of `found` those that reach new steps beyond `kept`, `most` at the most."""
    reached: set[tuple[str, int, int]] = set()
    for data in kept:
        reached |= lines_of(target, data)
    out: list[bytes] = []
    for data in sorted(set(found), key=lambda data: (len(data), data)):
        new = lines_of(target, data) - reached
        if new and len(out) < most:
            out.append(data)
            reached |= new
    return out
