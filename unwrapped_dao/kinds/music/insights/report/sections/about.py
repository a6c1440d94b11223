"""The card to share, what the file holds, and how this page was made."""

from __future__ import annotations

from base64 import b64encode

from ...findings import Findings
from ...words import count, date, plural
from ..markup import Child, Html, el
from ..parts import section


def _when(first: int, last: int) -> str:
    return f"on {date(first)}" if first == last else f"from {date(first)} to {date(last)}"


def share(found: Findings, card: str) -> Html:
    """The share card, and buttons that save it."""
    source = "data:image/svg+xml;base64," + b64encode(card.encode()).decode()
    return section(
        "share",
        "To share",
        "One picture, no names",
        "Sums and shapes only: no artist, no track, no date of a play, and no name. "
        "Only the service that sent you the file could know the sums again.",
        el(
            "div",
            el("img", src=source, alt="Share card with the sums of this page", width=540, height=675, id="card"),
            el(
                "p",
                el("button", "Save as PNG", type="button", data_save="png"),
                el("button", "Save as SVG", type="button", data_save="svg"),
                class_="buttons",
            ),
            class_="share",
        ),
    )


def about(found: Findings) -> Html:
    """About this file."""
    h = found.history
    lines: list[Child] = [
        f"{plural(len(h.all), 'play')} of music {_when(h.first_day, h.last_day)}; "
        f"{count(len(h.heard))} of them "
        + ("of 30 seconds or more, which is what counts as a play here." if h.timed else "counted as plays."),
        h.zone.sentence + (" One zone is used for the whole history, journeys included." if h.clocked else ""),
    ]
    if h.left_out:
        parts = ", ".join(f"{count(n)} {what}" for what, n in h.left_out)
        lines.append(f"Left out: {parts}.")
    if h.nominal:
        lines.append(f"{plural(h.nominal, 'play')} of unknown length count as three minutes each.")
    if not h.timed:
        lines.append("This file does not tell how long each play lasted: everything is counted in plays.")
    lines.append(
        "Not in any export, and so not here: genres, release years, and what the music sounds like. The artist is the "
        "album's artist, as the service tells it."
    )
    lines.append(
        "Made on your own machine from your own file. This page holds everything it shows, loads nothing, and sends "
        "nothing; keep it like the file it came from."
    )
    return section(
        "about", "About", "About this file", None, el("ul", [el("li", line) for line in lines], class_="about")
    )
