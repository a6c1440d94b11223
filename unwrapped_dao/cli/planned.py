"""What --dry-run prints: each transaction that would be sent."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import msgspec

from ..chain.rehearsal import Planned
from ..errors import UnwrappedError
from .verbs import Told

_LONGEST = 160


def tell(planned: Sequence[Planned], complete: bool, refused: UnwrappedError | None) -> Told:
    """The transactions; `complete` tells that these are all of the command's."""
    lines = [line for number, item in enumerate(planned, start=1) for line in _lines(number, item)]
    if not planned:
        lines = ["Nothing would be sent: there is nothing left to do."]
    lines.append("This was a dry run: nothing was sent and nothing was kept.")
    data = {
        "dry_run": True,
        "complete": complete,
        "refused": refused.message if refused else "",
        "transactions": [msgspec.to_builtins(item) for item in planned],
    }
    return Told(data, lines)


def _lines(number: int, item: Planned) -> list[str]:
    where = f" at {item.to}" if item.to else ""
    name = f"{item.contract or 'an account or unknown contract'}{where}"
    lines = [f"{number}. From {item.sender} to {name}: {item.function or 'unknown data'}"]
    for key, value in item.arguments.items():
        text = value if isinstance(value, str) else json.dumps(value)
        lines.append(f"     {key} = {text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}")
    if item.value_wei:
        lines.append(f"     with {item.value_wei} wei")
    if item.refused:
        lines.append(f"     It would be refused: {item.refused}")
    elif item.not_before:
        when = dt.datetime.fromtimestamp(item.not_before, dt.UTC)
        lines.append(f"     Not before {when:%Y-%m-%d %H:%M:%S} UTC; gas and refusal are not known until then.")
    else:
        lines.append(f"     It would be accepted and need {item.gas:,} gas.")
    return lines
