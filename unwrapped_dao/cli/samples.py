"""`unwrapped-dao samples`: invented exports in the services' real formats, to try things with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from .verbs import Call, Told


def samples(
    call: Call,
    folder: Annotated[Path, typer.Argument(help="A new folder for them.")] = Path("exports"),
    count: Annotated[int, typer.Option(min=1, max=100, help="How many people's.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same exports.")] = 7,
    plays: Annotated[int, typer.Option(min=100, max=100_000, help="At least this many plays each.")] = 5_000,
) -> Told:
    """Write invented listening exports to try things with. They are nobody's."""
    from .. import samples as made
    from ..errors import InputError

    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise InputError(f"{folder} is there already.", hint="Name a new folder; nothing was written.")
    rows = []
    with made.exports(
        count, seed=seed, min_plays=plays, max_plays=max(plays, 12_000), format="extended-zip"
    ) as exports:
        folder.mkdir(parents=True, exist_ok=True)
        for number, export in enumerate(exports, start=1):
            path = folder / f"person-{number}.zip"
            shutil.copyfile(export.path, path)
            rows.append({"path": path, "format": export.format, "plays": export.plays})
    return Told({"samples": rows}, [f"{row['path']}: about {row['plays']:,} invented plays" for row in rows])
