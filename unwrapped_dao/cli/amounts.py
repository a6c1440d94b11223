"""Money and time as people write them. Amounts go from text to base units digit by digit; no float is ever made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from ..chain.collective import Collective

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d{1,9})([smhdw]?)")
_AMOUNT = re.compile(r"(\d{1,40}|\d{1,3}(?:,\d{3}){1,12})(?:\.(\d{1,40}))?")


def base_units(text: str, decimals: int) -> int:
    """An amount such as `55,000.25` in base units. Raises InputError for anything else, and for too many decimals.

    >>> base_units("0.1", 6)
    100000
    """
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise InputError(f"{text!r} is no amount.", hint="Write it like 55000, 55,000 or 0.25.")
    fraction = (found[2] or "").rstrip("0")
    if len(fraction) > decimals:
        raise InputError(f"{text} has more than the {decimals} decimals of this currency.")
    return int(found[1].replace(",", "") + fraction.ljust(decimals, "0"))


def currency_of(collective: Collective, given: str | None) -> tuple[str, int]:
    """(address, decimals) of a currency by symbol or address; by default the first token, else ETH."""
    from ..chain.erc20 import ETH, Erc20

    symbols = currency_symbols(collective)
    if given is None:
        chosen = next(iter(symbols), None)
    else:
        matching = [a for a, symbol in symbols.items() if given.lower() in (a.lower(), symbol.lower())]
        chosen = matching[0] if len(matching) == 1 else None
    if chosen is None:
        names = ", ".join(symbols.values()) or "none yet"
        raise InputError(f"This collective takes no currency {given or ''}.", hint=f"It takes: {names}.")
    return chosen, 18 if chosen == ETH else Erc20.at(collective.client, chosen).decimals()


def currency_symbols(collective: Collective) -> dict[str, str]:
    """Symbol by address of what offers may be made in: tokens first, ETH last."""
    from ..chain.erc20 import ETH, Erc20

    allowed = collective.splitter.currencies()
    tokens = {a: Erc20.at(collective.client, a).symbol() for a in allowed if a != ETH}
    return tokens | ({ETH: "ETH"} if ETH in allowed else {})


def seconds(text: str) -> int:
    """A duration: `90`, `90s`, `15m`, `2h`, `3d` or `1w`.

    >>> seconds("3d")
    259200
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if not found:
        raise InputError(f"{text!r} is no duration.", hint="Write it like 90s, 15m, 2h, 3d or 1w.")
    return int(found[1]) * _UNITS[found[2] or "s"]
