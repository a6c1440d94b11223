"""`unwrapped-dao demo`: the life of one sale, with its refusals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .talk import Talk


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
    payer: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keyfile that pays at --rpc, where the node signs for nobody itself."),
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line opens --payer; or set UNWRAPPED_PASSPHRASE.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print summary.json; the story goes to stderr.")] = False,
) -> None:
    """Twelve members, one buyer, one sale: from exports to payout, in one process, with test money."""
    from ..demo import nodes, story
    from ..settings import load

    talk, stream = Talk(), sys.stderr if json else sys.stdout

    def tell(line: str) -> None:
        talk.done()
        print(line, file=stream, flush=True)

    settings = load({"rpc": rpc, "ipfs": ipfs, "payer": payer, "passphrase_file": passphrase_file})
    where = nodes.connect(settings, talk.wait)
    for sentence in nodes.described(where):
        tell(sentence)
    summary = story.run(output, tell, seed=story.SEED if seed is None else seed, nodes=where)
    if json:
        print(summary.model_dump_json(indent=2))
