"""`unwrapped-dao collective`: found one, look at one, check one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import plural
from .verbs import Call, Told, verb

if TYPE_CHECKING:
    from ..chain.collective import Collective
    from ..chain.verify import Verification

_BY_VOTE = frozenset(
    {"attestationsRequired", "deliveryWindow", "grace", "maxWeight", "operatorsBps", "treasuryBps"}
) | {
    "votingDelay",
    "votingPeriod",
}
"""Constructor arguments that are only beginnings: what holds now is told beside them."""

noun = typer.Typer(help="A collective: deploy, look, verify.", no_args_is_help=True)


@verb(noun, "deploy", account="founder", sends=True)
def deploy(
    call: Call,
    name: Annotated[str, typer.Option(help="What the collective is called.")],
    validators: Annotated[list[str], typer.Option("--validators", metavar="ACCOUNT", help="Repeat, or a,b,c.")],
    custodian: Annotated[
        str, typer.Option(metavar="A,B,C", help="Who keeps the committee key. One alone (1-of-1) can read everything.")
    ],
    threshold: Annotated[
        int | None, typer.Option(metavar="T", help="How many of them can open.  [default: a majority]")
    ] = None,
    profile: Annotated[str, typer.Option(help="dev (seconds, rehearsals) or live (days).")] = "dev",
    attestations: Annotated[int | None, typer.Option(help="Validators that must agree.  [default: a majority]")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Repeat for more.  [default: artist-preferences]")] = None,
    currency: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Token taken beside ETH; dev makes a test dollar.")
    ] = None,
    uri: Annotated[str, typer.Option(help="Where the collective is reached (ERC-4824).")] = "",
    treasury_bps: Annotated[int, typer.Option(help="Treasury's part in basis points.")] = 200,
    operators_bps: Annotated[int, typer.Option(help="Operators' part in basis points.")] = 300,
) -> Told:
    """Deploy all contracts. Interrupted and run again it goes on; afterwards you hold no power."""
    from .. import kinds
    from ..chain import deployments
    from ..chain.deploy import GenesisParameters
    from ..chain.erc20 import ETH
    from ..chain.profiles import PROFILES
    from ..chain.registry import ScopeDefinition
    from ..errors import InputError

    if profile not in PROFILES:
        raise InputError(f"There is no profile {profile!r}.", hint=f"Choose {' or '.join(PROFILES)}.")
    with call.open(may_begin=True) as app:
        named, keepers = _split(validators), _split([custodian])
        draft = _checked(
            GenesisParameters,
            name=name,
            dao_uri=uri,
            validators=tuple(app.accounts.address_of(v) for v in named),
            attestations=attestations if attestations is not None else len(named) // 2 + 1,
            custodians=tuple(app.accounts.address_of(name) for name in keepers),
            threshold=threshold if threshold is not None else len(keepers) // 2 + 1,
            scopes=tuple(ScopeDefinition.of(kinds.scope(s)) for s in _split(scope or ["artist-preferences"])),
            currencies=(*(app.accounts.address_of(c) for c in _split(currency or [])), ETH),
            treasury_bps=treasury_bps,
            operators_bps=operators_bps,
            profile=PROFILES[profile],
        )
        folder = app.workspace.folder
        journal = app.journal("deploy")
        founder = app.founder(call.account)
        if (folder / deployments.FILE).exists() and not founder.has_begun(draft, journal, test_dollar=profile == "dev"):
            deployments.load(folder).require_chain(app.client)
            raise InputError(
                "This workspace has a collective already.",
                hint="See `unwrapped-dao collective status`, or deploy in another --workspace.",
            )
        deployment = founder.found(
            draft,
            journal,
            lambda record: record.save(folder),
            test_dollar=profile == "dev",
            progress=call.talk.progress,
        )
        call.talk.warn(_warnings(app.collective))
    lines = [f"{deployment.name} is deployed: Genesis {deployment.genesis}, and the deployer holds nothing any more."]
    lines += [f"  {contract:<22} {address}" for contract, address in deployment.addresses.items()]
    if len(keepers) > 1 or keepers[0].startswith("0x"):
        lines += [
            f"In every other workspace: `unwrapped-dao collective verify {deployment.genesis} --save`.",
            "Next: each custodian runs `unwrapped-dao custodian setup --wait`, "
            "then anybody `unwrapped-dao pool open --as ACCOUNT`.",
        ]
    else:
        lines.append(f"Next: `unwrapped-dao custodian setup --as {keepers[0]}`, then `unwrapped-dao pool open`.")
    return Told(deployment.model_dump(mode="json"), lines)


@verb(noun, "status")
def status(call: Call) -> Told:
    """The workspace's collective: members, pools, sales, money."""
    from ..chain.calldata import amount_text, percent
    from ..chain.earnings import operators_waiting
    from ..chain.powers import parameters

    with call.open() as app:
        collective = app.collective
        call.talk.warn(_warnings(collective))
        now = parameters(collective)
        treasury = {c: collective.splitter.treasury_of(c) for c in collective.splitter.currencies()}
        operators = operators_waiting(collective)
        active, proposals = now["active_members"], len(collective.governor.proposals())
        pools = collective.registry.pools()
        sales = [collective.market.sale(s).state.name.lower() for s in collective.market.offers()]
        data = {
            **now,
            "genesis": collective.deployment.genesis,
            "profile": collective.deployment.profile,
            "chain_id": collective.client.chain_id,
            "now": collective.client.now(),
            "pools": [p.state.name.lower() for p in pools],
            "sales": sales,
            "proposals": proposals,
            "treasury": treasury,
            "operators_waiting": operators,
        }

        def money(amounts: Mapping[str, int]) -> str:
            return ", ".join(amount_text(collective, c, amount) for c, amount in amounts.items())

        fees = f"{percent(now['treasury_bps'])} to the treasury, {percent(now['operators_bps'])} to the key keepers"
        waiting = f" Operators have {money(operators)} to collect (`custodian collect`)." if operators else ""
        return Told(
            data,
            [
                f"{now['name']} ({collective.deployment.profile} profile), Genesis {collective.deployment.genesis}",
                f"{plural(active, 'active member')}, {now['members_ever']:,} ever.",
                f"{plural(len(pools), 'pool')}: {', '.join(data['pools']) or 'none yet'}.",
                f"{plural(len(sales), 'offer')}: {', '.join(sales) or 'none yet'}. {plural(proposals, 'proposal')}.",
                f"Of each price: {fees}. Treasury: {money(treasury)}.{waiting}",
            ],
        )


@verb(noun, "verify")
def verify(
    call: Call,
    address: Annotated[str | None, typer.Argument(help="Genesis or governor.  [default: the workspace's]")] = None,
    from_block: Annotated[int, typer.Option(help="Where to begin looking for its creation.")] = 0,
    save: Annotated[bool, typer.Option("--save", help="If all is well, make it this workspace's collective.")] = False,
) -> Told:
    """Compare code, constructors and wiring with this package; list parameters and powers. Exits 1 if they differ."""
    from ..chain import deployments
    from ..chain.collective import Collective
    from ..chain.verify import verify as compare
    from ..errors import InputError

    with call.open() as app:
        if address is None:
            record = deployments.load(app.workspace.folder)
            address, from_block = record.genesis, record.block_number
        found = compare(app.client, app.accounts.address_of(address), first_block=from_block)
        if found.deployment is None:
            return _differs(found)
        told = _verified(Collective.at(app.client, found.deployment), found, call)
        if save and told.code == 0:
            here = app.workspace.folder / deployments.FILE
            if here.exists() and deployments.load(app.workspace.folder).genesis != found.genesis:
                raise InputError("This workspace has another collective already.", hint="Use another --workspace.")
            found.deployment.save(app.workspace.folder)
            told = replace(told, lines=[*told.lines, "It is this workspace's collective now."])
        return told


def _differs(found: Verification) -> Told:
    lines = [f"DIFFERS: it is not true that {claim}." for claim in found.differences]
    lines.append("Do not join, contribute to or buy from this collective on the word of this package.")
    return Told({"ok": False, "genesis": found.genesis, "differences": found.differences}, lines, code=1)


def _verified(collective: Collective, found: Verification, call: Call) -> Told:
    from ..chain.powers import is_test_dollar, parameters, powers

    held, now = powers(collective), parameters(collective)
    unexpected = [f"{power.holder} may {power.may}" for power in held if not power.expected]
    call.talk.warn(_warnings(collective))
    given = {k: v for values in found.arguments.values() for k, v in values.items()}
    constants = {k: v for k, v in given.items() if isinstance(v, int) and k not in _BY_VOTE}
    free = [c for c in now["currencies"] if is_test_dollar(collective, c)]
    lines = [
        f"Genesis {found.genesis}: {len(found.findings)} comparisons, no difference." if not unexpected else "DIFFERS:",
        *(f"  {claim}: nobody should." for claim in unexpected),
        "Code, constructors and addresses of all contracts are those that ship with this package.",
        f"Profile: {found.profile}" + (" (seconds; for rehearsals only)" if found.profile == "dev" else ""),
        "Fixed at deployment (times in seconds):",
        *(f"  {key:<22} {value}" for key, value in sorted(constants.items())),
        "Now, and changeable by vote:",
        *(f"  {key:<22} {_text(value)}" for key, value in now.items()),
        *(f"Currency {c} is the test dollar: anybody may mint it." for c in free),
        "Every power that anybody holds:",
        *(f"  {power.holder} may {power.may}." for power in held),
        "  Nobody may change code, move escrow or credits, or change a sealed pool or an approved sale.",
        "What this cannot tell is in docs/limits.md.",
    ]
    data: dict[str, Any] = {
        "ok": not unexpected,
        "genesis": found.genesis,
        "profile": found.profile,
        "comparisons": [finding.claim for finding in found.findings],
        "differences": unexpected,
        "constants": constants,
        "parameters": now,
        "powers": [{"holder": power.holder, "may": power.may, "expected": power.expected} for power in held],
        "warnings": _warnings(collective),
        "addresses": dict(collective.deployment.addresses),
    }
    return Told(data, lines, code=1 if unexpected else 0)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _warnings(collective: Collective) -> list[str]:
    from ..chain.powers import warnings

    return warnings(collective)


def _split(given: list[str]) -> list[str]:
    return [part.strip() for each in given for part in each.split(",") if part.strip()]


def _checked(model: Any, **values: Any) -> Any:
    """A parameter model; what does not fit is said without pydantic's words."""
    from pydantic import ValidationError

    from ..errors import InputError

    try:
        return model(**values)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"The option {where.replace('_', '-')} does not fit: {first['msg'].lower()}.") from None
