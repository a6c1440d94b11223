"""The tree of nouns and verbs."""

from __future__ import annotations

import typer

from . import demo

program = typer.Typer(
    name="unwrapped-dao",
    help="A data collective: members pool their own data, votes govern its sale, "
    "and the chain checks the key before the money moves.",
    epilog="Start with `unwrapped-dao demo`. Not audited: read docs/limits.md before you use real data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@program.callback()
def _root() -> None:
    """A noun, then a verb."""


program.command("demo")(demo.demo)
