"""`unwrapped-dao account`: Ethereum keyfiles by name."""

from __future__ import annotations

from typing import Annotated

import typer

from .verbs import Call, Told, verb

noun = typer.Typer(help="Accounts: Ethereum keyfiles by name.", no_args_is_help=True)


@verb(noun, "new")
def new(
    call: Call, names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="[default: member]")] = None
) -> Told:
    """Make accounts. Keys go into encrypted keyfiles and are never shown; on the embedded chain each gets gas money."""
    rows = []
    with call.open(may_begin=True) as app:
        for name in names or ["member"]:
            address, made = app.new_account(name)
            rows.append({"name": name, "address": address, "made": made})
        folder = app.workspace.accounts
        poor = [r["name"] for r in rows if app.client.balance(str(r["address"])) == 0]
    lines = [f"{r['name']:<16} {r['address']}{'' if r['made'] else '  (was here already)'}" for r in rows]
    lines.append(f"The keyfiles are in {folder}; back them up, nobody can restore them.")
    if poor:
        lines.append(
            f"They need ether for gas here: {', '.join(map(str, poor))}. On a node of your own, `unwrapped-dao"
        )
        lines[-1] += f" account fund {poor[0]} --eth 10` takes it from the node's accounts."
    return Told({"accounts": rows}, lines)


@verb(noun, "list")
def list_(call: Call) -> Told:
    """The accounts of this workspace with their money."""
    from ..chain.calldata import amount_text
    from ..chain.erc20 import ETH, Erc20
    from ..chain.fees import ether_text
    from ..errors import NotFoundError

    rows, lines = [], []
    with call.open(may_begin=True) as app:
        try:
            collective = app.collective
        except NotFoundError:
            collective = None  # no collective yet: ether is all there is to tell
        currencies = [c for c in collective.splitter.currencies() if c != ETH] if collective else []
        for name in app.accounts.names():
            address = app.accounts.address(name)
            money = {ETH: app.client.balance(address)}
            money |= {c: Erc20.at(app.client, c).balance_of(address) for c in currencies}
            rows.append({"name": name, "address": address, "balances": money})
            told = [ether_text(money[ETH])] + [amount_text(collective, c, money[c]) for c in currencies if collective]
            lines.append(f"{name:<16} {address}  {', '.join(told)}")
    return Told({"accounts": rows}, lines or ["No account yet: `unwrapped-dao account new NAME` makes one."])


@verb(noun, "fund", sends=True)
def fund(
    call: Call,
    name: Annotated[str, typer.Argument(help="An account of this workspace, or an address.")],
    tusd: Annotated[str | None, typer.Option(metavar="AMOUNT", help="Test dollars to mint, such as 60000.")] = None,
    eth: Annotated[str | None, typer.Option(metavar="AMOUNT", help="Ether, such as 5.")] = None,
) -> Told:
    """Rehearsal money, worth nothing: test dollars of a dev collective; ether, from the embedded chain's faucet or the
    accounts of a development node such as Ganache or Anvil."""
    from ..app.payer import richest_of_node
    from ..app.rehearsal_money import RehearsalMoney
    from ..chain.calldata import amount_text
    from ..chain.erc20 import ETH
    from ..chain.fees import ether_text
    from ..chain.powers import is_test_dollar
    from ..errors import InputError, NotAllowedError
    from .amounts import base_units

    given: dict[str, int] = {}
    lines = []
    with call.open() as app:
        money = RehearsalMoney(app.client, app.journal("money"))
        address = app.accounts.address_of(name)
        if eth is None and tusd is None:
            raise InputError("Nothing was asked for.", hint="Give --tusd or --eth with an amount.")
        if eth is not None:
            given[ETH] = base_units(eth, 18)
            if app.chain is not None:
                money.give_ether(app.chain.faucet, address, given[ETH])
            elif app.client.can_move_time:
                money.give_from_node(richest_of_node(app.client)[0], address, given[ETH])
            else:
                raise NotAllowedError(
                    "Ether is given away by the embedded chain and by development nodes only.",
                    hint=f"Send it to {address} with a wallet.",
                )
            lines.append(f"{name} got {ether_text(given[ETH])}.")
        if tusd is not None:
            token = next((c for c in app.collective.splitter.currencies() if is_test_dollar(app.collective, c)), None)
            if token is None:
                raise NotAllowedError("This collective takes no test dollar.", hint="Real money has to be earned.")
            given[token] = base_units(tusd, 6)
            payer = app.chain.faucet if app.chain is not None else app.account(name)
            money.mint(payer, token, address, given[token])
            lines.append(f"{name} got {amount_text(app.collective, token, given[token])}.")
    return Told({"address": address, "given": given}, lines)


@verb(noun, "cancel", sends=True)
def cancel(call: Call, name: Annotated[str, typer.Argument(help="An account of this workspace.")]) -> Told:
    """Give up transactions that wait and are not mined, because their fee is too low: empty ones take their numbers.

    Then run the command that waited again. It offers no more than UNWRAPPED_MAX_FEE_GWEI (500) for a unit of gas.
    """
    from ..chain.cancelling import cancel_waiting
    from ..chain.fees import GWEI

    with call.open() as app:
        ceiling = app.settings.max_fee_gwei * GWEI
        patience_s = app.settings.mined_within_s
        ended = cancel_waiting(app.client, app.accounts.signer(name), ceiling, call.talk.say, timeout_s=patience_s)
    if not ended.numbers:
        line = f"No transaction of {name} waits to be mined."
    else:
        line = (
            f"{len(ended.numbers)} waited: {ended.cancelled} cancelled, {ended.mined} mined after all. Now run the "
            "command that waited again; it looks at what was done first."
        )
    data = {"account": name, "waited": ended.numbers, "cancelled": ended.cancelled, "mined": ended.mined}
    return Told(data, [line])
