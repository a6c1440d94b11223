"""`unwrapped-dao demo`: the life of one sale, with its refusals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError


def demo(
    output: Annotated[Path, typer.Option(help="Folder for dataset.parquet, index.html and summary.json.")] = Path(
        "demo-output"
    ),
    seed: Annotated[
        int | None, typer.Option(help="Of the invented exports; the same seed gives the same rows.")
    ] = None,
    rpc: Annotated[
        str | None, typer.Option(metavar="URL", help="A running node instead of the embedded chain.")
    ] = None,
    ipfs: Annotated[
        str | None, typer.Option(metavar="URL", help="A running Kubo instead of the embedded store.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print summary.json; the story goes to stderr.")] = False,
) -> None:
    """Twelve members, one buyer, one sale: from exports to payout, in one process, with test money."""
    if rpc or ipfs:
        raise InputError(
            "The demo runs on the embedded chain and store only in this version.", hint="Leave out --rpc and --ipfs."
        )
    from ..demo import story

    stream = sys.stderr if json else sys.stdout

    def tell(line: str) -> None:
        print(line, file=stream, flush=True)

    summary = story.run(output, tell, seed=story.SEED if seed is None else seed)
    if json:
        print(summary.model_dump_json(indent=2))
