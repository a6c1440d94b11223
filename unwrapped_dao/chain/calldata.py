"""What a proposal's calldata does, in a sentence: from the bytes, never from the proposer's prose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ContractRefusedError, NotFoundError, RpcUnavailableError
from . import artifacts
from .collective import Collective
from .erc20 import ETH, Erc20
from .governor import Action
from .market import Offer


def describe(collective: Collective, action: Action) -> list[str]:
    """One sentence per effect of one call of a proposal."""
    for name, address in collective.deployment.addresses.items():
        if address.lower() == action.target.lower():
            decoded = artifacts.abi(name).decode_call(action.calldata)
            if decoded is None:
                return [f"Calls {name} with bytes this program does not understand: do not vote for it."]
            function, arguments = decoded
            teller = _SENTENCES.get((name, function))
            if teller is not None:
                return teller(collective, arguments)
            given = ", ".join(f"{key} = {_plain(value)}" for key, value in arguments.items())
            return [f"Calls {name}.{function} with {given}."]
    return [f"Calls {action.target}, which is no contract of this collective: do not vote for it."]


def sales_of(collective: Collective, action: Action) -> list[bytes]:
    """The sale ids that a call approves; empty for any other call."""
    if action.target.lower() != collective.market.address.lower():
        return []
    decoded = artifacts.abi("DataMarket").decode_call(action.calldata)
    return [bytes(sale_id) for sale_id in decoded[1]["saleIds"]] if decoded and decoded[0] == "approve" else []


def amount_text(collective: Collective, currency: str, amount: int) -> str:
    """Base units for people: decimals of the currency, without a float. What is no token is told by its address.

    >>> # 55_000_000_000 of a 6-decimal token reads "55,000 tUSD"
    """
    if currency.lower() == ETH:
        symbol, decimals = "ETH", 18
    else:
        token = Erc20.at(collective.client, currency)
        try:
            symbol, decimals = token.symbol(), token.decimals()
        except (NotFoundError, ContractRefusedError, RpcUnavailableError):
            # Who has one vote may name any address in a proposal; that must not keep others from reading the list.
            return f"{amount} base units of {currency}, which is no token that says its name,"
    whole, rest = divmod(amount, 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{whole:,}{'.' + fraction if fraction else ''} {symbol}"


def _approve(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    offers = collective.market.offers()
    found = [(bytes(sale_id), offers.get(bytes(sale_id))) for sale_id in arguments["saleIds"]]
    return [
        _sale_sentence(collective, offer)
        if offer is not None
        else f"Approves sale 0x{sale_id.hex()}, which nobody has offered: do not vote for it."
        for sale_id, offer in found
    ]


def _sale_sentence(collective: Collective, offer: Offer) -> str:
    price = amount_text(collective, offer.currency, offer.price)
    return (
        f"Sells epoch {offer.epoch} of {scope_name(offer.scope_id)} to {offer.buyer} for {price}, "
        f"for the purpose {purpose_name(offer.scope_id, offer.purpose)} under terms 0x{offer.terms.hex()[:8]}…, "
        f"if at least {offer.min_eligible_weight} share points remain."
    )


def scope_name(scope_id: bytes) -> str:
    """The name behind a scope id, among the scopes this program knows."""
    from .. import kinds

    scope = kinds.scope_of(scope_id)
    return scope.name if scope else f"scope 0x{scope_id.hex()[:8]}…"


def purpose_name(scope_id: bytes, purpose: bytes) -> str:
    """The name behind a purpose digest, among the scopes this program knows."""
    from .. import kinds

    scope = kinds.scope_of(scope_id)
    for name, digest in scope.purpose_digests.items() if scope else ():
        if digest == purpose:
            return repr(name)
    return f"0x{purpose.hex()}"


def _pay_treasury(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    amount = amount_text(collective, arguments["currency"], arguments["amount"])
    return [f"Credits {amount} of the treasury to {arguments['to']}."]


def _set_fees(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    return [
        f"Sets the fees of later offers to {percent(arguments['treasuryBps'])} for the treasury and "
        f"{percent(arguments['operatorsBps'])} for the operators."
    ]


def _set_currency(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    verb = "Allows" if arguments["allowed"] else "No longer allows"
    return [f"{verb} later offers in {arguments['currency']}."]


def _retire(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    return [
        f"Retires committee key {arguments['generation']}: contributions, epochs and approvals under it stop; "
        "an approved sale goes on."
    ]


def _form(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    return [f"Lets these custodians form a fresh committee key: {_custodians(arguments)}."]


def _reshare(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    return [
        f"Shares committee key {arguments['source']} anew among these custodians: {_custodians(arguments)}. The key "
        "stays the same; the old custodians' shares stay usable unless they delete them."
    ]


def _custodians(arguments: Mapping[str, Any]) -> str:
    custodians = arguments["custodians"]
    return (
        f"{', '.join(custodians)}; any {arguments['threshold']} of these {len(custodians)} together can open envelopes"
    )


def _add_validator(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    return [f"Lets {arguments['validator']} attest contributions, and so see the records members show it."]


def _remove_validator(collective: Collective, arguments: Mapping[str, Any]) -> list[str]:
    return [f"Ends {arguments['validator']}'s power to attest."]


def percent(basis_points: int) -> str:
    """Basis points for people.

    >>> percent(250)
    '2.50%'
    """
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}%"


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return str(value)


_SENTENCES: dict[tuple[str, str], Callable[[Collective, Mapping[str, Any]], list[str]]] = {
    ("DataMarket", "approve"): _approve,
    ("RevenueSplitter", "payTreasury"): _pay_treasury,
    ("RevenueSplitter", "setFees"): _set_fees,
    ("RevenueSplitter", "setCurrency"): _set_currency,
    ("KeyCommittee", "retire"): _retire,
    ("KeyCommittee", "form"): _form,
    ("KeyCommittee", "reshare"): _reshare,
    ("ContributionRegistry", "addValidator"): _add_validator,
    ("ContributionRegistry", "removeValidator"): _remove_validator,
}
