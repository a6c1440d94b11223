"""Tops of any window: all time as it is printed, any other stretch by moving the two ends."""

from __future__ import annotations

from collections.abc import Callable

from ...findings import Findings
from ...insight import NotInFile
from ...tops import Top
from ...words import amount, month, plural
from ..markup import Html, data_block, el, join, name, plain_name
from ..parts import bars, columns, numbers, section, titled


def chapter(found: Findings) -> Html:
    """Tops."""
    tops, timed = found.tops, found.history.timed
    top = tops.artists[0].value if tops.artists else 1
    artists = bars(((name(t.name), amount(t.value, timed), t.value / top) for t in tops.artists), "window")
    albums = (
        el("p", el("strong", "Not in this file. "), tops.albums.reason, class_="missing")
        if isinstance(tops.albums, NotInFile)
        else _titles(tops.albums, lambda t: amount(t.value, timed))
    )
    return section(
        "tops",
        "Tops",
        join("All time, it is ", name(tops.artists[0].name)) if tops.artists else "Your tops",
        "Move the two ends to see any other stretch of your life." if len(found.windows.steps) > 2 else None,
        _controls(found) if len(found.windows.steps) > 2 else None,
        el("div", artists, id="window-list", aria_live="polite"),
        columns(
            titled("Tracks of all time", _titles(tops.tracks, lambda t: plural(t.value, "play"))),
            titled("Albums of all time", albums),
        ),
        numbers(
            "Artists and albums are ranked by " + ("time" if timed else "plays") + ", tracks by plays of 30 seconds or "
            "more. The artist is the album's, as the service tells it; compilations count for nobody. Windows have "
            f"steps of {plural(found.windows.step_months, 'month')}."
        ),
        _data(found),
    )  # fmt: skip


def _titles(items: tuple[Top, ...], value: Callable[[Top], str]) -> Html:
    top = items[0].value if items else 1
    return bars((join(name(t.name), " ", el("small", name(t.artist))), value(t), t.value / top) for t in items)


def _controls(found: Findings) -> Html:
    last = len(found.windows.steps) - 1

    def slider(identifier: str, label: str, value: int) -> Html:
        return el(
            "label", el("span", label), el("input", type="range", id=identifier, min=0, max=last, value=value, step=1),
            el("output", _step_name(found, value, end=identifier == "window-to"), for_=identifier),
        )  # fmt: skip

    return el(
        "div", slider("window-from", "From", 0), slider("window-to", "to", last), class_="sliders", data_sliders=True
    )


def _step_name(found: Findings, step: int, *, end: bool) -> str:
    first, history = found.windows.steps[step], found.history
    number = min(first + found.windows.step_months - 1, history.last_month) if end else max(first, history.first_month)
    return month(number, short=True)


def _data(found: Findings) -> Html:
    """What the page's script adds up: names as text, weights as integers."""
    windows = found.windows
    return data_block(
        "windows",
        {
            "timed": found.history.timed,
            "from": [_step_name(found, i, end=False) for i in range(len(windows.steps))],
            "to": [_step_name(found, i, end=True) for i in range(len(windows.steps))],
            "artists": [[plain_name(a.artist), list(a.weights)] for a in windows.artists],
        },
    )
