"""Sample exports: `exports(5, seed=7)`, invented but in the services' real formats, and `third_party()`, a real one.

The invented ones pass the checks of real histories, so they also measure how well a forger with this generator would
do. They are deterministic: the same count and seed give the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Final, overload

from ..errors import InputError
from .formats import account_data, extended_history, write_folder, write_zip
from .listener import DAY_MS, Listener

FORMATS: Final = (
    "account-zip",
    "extended-zip",
    "endsong-folder",
    "account-folder",
    "extended-zip",
    "endsong-zip",
)
# 2024-12-31 and, for the old variant, 2023-04-30: the days before which the invented histories end.
_LAST_DAY_MS: Final = {"account": 20_088 * DAY_MS, "extended": 20_088 * DAY_MS, "endsong": 19_477 * DAY_MS}
# Of the plays that a listener's numbers promise, what habits, nights and limits leave: measured over many seeds.
_KEPT: Final = 0.76

__all__ = ["FORMATS", "SampleExport", "SampleExports", "exports", "third_party"]


@dataclass(frozen=True, slots=True)
class SampleExport:
    """One export on disk, usable wherever a path is. `licence` is None for invented data."""

    path: Path
    format: str
    plays: int
    invented: bool = True
    licence: str | None = None
    notice: str | None = field(default=None, repr=False)
    # Keeps the temporary folder while any of its exports is in use.
    _home: object = field(default=None, repr=False, compare=False)

    def __fspath__(self) -> str:
        return str(self.path)


class SampleExports(Sequence[SampleExport]):
    """The exports of one call, and the temporary folder that holds them: deleted with the last of them, or on exit."""

    def __init__(self, home: tempfile.TemporaryDirectory[str], items: Sequence[SampleExport]) -> None:
        self._home, self._items = home, tuple(items)

    @overload
    def __getitem__(self, index: int) -> SampleExport: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SampleExport, ...]: ...
    def __getitem__(self, index: int | slice) -> SampleExport | tuple[SampleExport, ...]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __enter__(self) -> SampleExports:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the folder now."""
        self._home.cleanup()

    def __repr__(self) -> str:
        return f"<SampleExports: {len(self)}>"


def exports(
    count: int = 1,
    seed: int = 0,
    *,
    min_plays: int = 5_000,
    max_plays: int = 12_000,
    format: str | None = None,
) -> SampleExports:
    """`count` invented exports, in turn account data, extended history and the old `endsong` variant.

    `format` (one of `FORMATS`) makes all of them alike. Raises `InputError` for impossible numbers.
    """
    if count < 1 or not 100 <= min_plays <= max_plays or (format is not None and format not in FORMATS):
        raise InputError("Samples need a count of 1 or more, 100 plays or more, and a known format.")
    home = tempfile.TemporaryDirectory(prefix="unwrapped-samples-", ignore_cleanup_errors=True)
    items = [
        _write(home, f"{seed}/{i}", format or FORMATS[i % len(FORMATS)], i, min_plays, max_plays) for i in range(count)
    ]
    return SampleExports(home, items)


def _write(
    home: tempfile.TemporaryDirectory[str], seed: str, form: str, number: int, min_plays: int, max_plays: int
) -> SampleExport:
    random = Random(f"unwrapped-dao/samples/1/{seed}")
    plays = random.randint(min_plays, max_plays)
    per_day, active = random.uniform(28, 46), random.uniform(0.12, 0.45)
    family = form.partition("-")[0]
    # Account data covers twelve months, a lifetime history twelve years at most: more plays mean more a day.
    years = 0.9 if family == "account" else 12
    if family == "account":
        active = random.uniform(0.55, 0.9)
    if plays > years * 365 * _KEPT * active * per_day:
        active = max(active, 0.7)
        per_day = max(per_day, plays / (years * 365 * _KEPT * active))
    days = int(plays / (per_day * active * _KEPT)) + 20
    first = _LAST_DAY_MS[family] - days * DAY_MS
    listener = Listener(f"{seed}/listener", plays=plays, first_day_ms=first, per_day=per_day, active=active)
    made = list(listener.plays())
    if family == "account":
        content = account_data(made, random, older=number % 2 == 1)
    else:
        content = extended_history(made, random, old=family == "endsong")
    target = Path(home.name) / f"member-{number + 1:02}"
    zipped = form.endswith("zip")
    path = write_zip(content, target / "my_spotify_data.zip") if zipped else write_folder(content, target)
    return SampleExport(path, form, plays, _home=home)


def third_party() -> SampleExport:
    """The small real file under the MIT licence: 39 plays. Its notice must go wherever it goes."""
    folder = files(__package__) / "third_party"
    path = Path(str(folder / "Streaming_History_Audio_spotify_import_test.json"))
    notice = (folder / "NOTICE.md").read_text(encoding="utf-8")
    return SampleExport(path, "extended-file", 39, invented=False, licence="MIT", notice=notice)
