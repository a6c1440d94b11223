"""The tree of nouns and verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from . import (
    account,
    buyer,
    chain,
    collective,
    custodian,
    demo,
    doctor,
    exports,
    insights,
    member,
    own_data,
    pool,
    proposal,
    relayer,
    samples,
    validator,
)
from .verbs import verb

program = typer.Typer(
    name="unwrapped-dao",
    help="A data collective: members pool their own data, votes govern its sale, "
    "and the chain checks the key before the money moves.",
    epilog="Start with `unwrapped-dao demo`, or docs/tutorial.md. Not audited: read docs/limits.md before you use real "
    "data.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"unwrapped-dao {version('unwrapped-dao')}")
        raise typer.Exit(0)


@program.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A noun, then a verb."""


program.command("demo")(demo.demo)
verb(program, "doctor")(doctor.doctor)
verb(program, "samples")(samples.samples)
verb(program, "insights", offline=True)(insights.insights)
verb(program, "export-help", offline=True)(exports.export_help)
verb(program, "export-summary", offline=True)(exports.export_summary)
verb(program, "export-schema", offline=True)(exports.export_schema)
verb(member.noun, "export-mine", account="member")(own_data.export_mine)
verb(member.noun, "forget", account="member")(own_data.forget)
for _module in (account, collective, member, pool, proposal, buyer, custodian, validator, relayer, chain):
    program.add_typer(_module.noun, name=_module.__name__.rsplit(".", 1)[1])
