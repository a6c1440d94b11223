"""`unwrapped-dao samples`: invented exports in the services' real formats, to try things with."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from .verbs import Call, Told

_HALF = ".part"


def samples(
    call: Call,
    folder: Annotated[Path, typer.Argument(help="A new folder for them.")] = Path("exports"),
    count: Annotated[int, typer.Option(min=1, max=100, help="How many people's.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same exports.")] = 7,
    plays: Annotated[int, typer.Option(min=100, max=100_000, help="At least this many plays each.")] = 5_000,
) -> Told:
    """Write invented listening exports to try things with. They are nobody's. Again, or after a kill, the same ones."""
    from .. import samples as made

    rows = []
    with made.exports(
        count, seed=seed, min_plays=plays, max_plays=max(plays, 12_000), format="extended-zip"
    ) as exports:
        wanted = {f"person-{number}.zip": export for number, export in enumerate(exports, start=1)}
        _require_room(folder, {name: export.path for name, export in wanted.items()})
        folder.mkdir(parents=True, exist_ok=True)
        for name, export in wanted.items():
            half = folder / f"{name}{_HALF}"
            shutil.copyfile(export.path, half)
            half.replace(folder / name)
            rows.append({"path": folder / name, "format": export.format, "plays": export.plays})
    return Told({"samples": rows}, [f"{row['path']}: about {row['plays']:,} invented plays" for row in rows])


def _require_room(folder: Path, wanted: Mapping[str, Path]) -> None:
    """Nothing is in the folder but what an earlier run of the same command left there."""
    from ..errors import InputError

    there = [folder] if folder.is_file() else list(folder.iterdir()) if folder.is_dir() else []
    for path in there:
        half_written = path.name.endswith(_HALF) and path.name.removesuffix(_HALF) in wanted
        same = path.name in wanted and path.is_file() and filecmp.cmp(path, wanted[path.name], shallow=False)
        if not (half_written or same):
            raise InputError(f"{folder} is there already.", hint="Name a new folder; nothing was written.")
