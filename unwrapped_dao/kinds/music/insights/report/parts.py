"""The pieces that every section of the page is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..insight import NotInFile
from ..words import month
from .markup import Child, Html, el, join

Row = Sequence[Child]

_LATE: Final = 0.9
"""A label that begins behind this part of an axis does not fit on a narrow chart, which leaves it out."""

_MANY_LABELS: Final = 6
"""More labels than these touch each other on a phone, which shows every second one."""


def section(identifier: str, eyebrow: str, headline: Child, lede: Child, *body: Child) -> Html:
    """A chapter of the page: what it is about, what was found, one sentence, and the charts."""
    return el(
        "section",
        el(
            "header",
            el("p", eyebrow, class_="eyebrow"),
            el("h2", headline, id=f"{identifier}-title"),
            el("p", lede, class_="lede") if lede else None,
        ),
        *body,
        id=identifier,
        aria_labelledby=f"{identifier}-title",
    )


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A chapter that the file has nothing for: told in one line at the end instead of a page of its own."""

    identifier: str
    title: str
    reason: str


def unanswered(chapters: Sequence[Unanswered]) -> Html | None:
    """The chapters that are not here, and why."""
    if not chapters:
        return None
    lines = [el("li", el("strong", f"{chapter.title}. "), chapter.reason) for chapter in chapters]
    return section("unanswered", "Not in this file", "What another file could tell", None,
                   el("ul", lines, class_="about"))  # fmt: skip


def chart(*children: Child, label: str, class_: str = "", caption: Child = None) -> Html:
    """A chart that a pointer or the arrow keys can walk: every `data-t` inside is one mark."""
    return el(
        "figure",
        el("div", *children, class_="plot", tabindex=0, role="group", aria_label=f"{label}. Arrow keys read values."),
        el("figcaption", caption) if caption else None,
        class_=f"chart {class_}".strip(),
        data_chart=True,
    )


def facts(items: Iterable[tuple[Child, Child]]) -> Html:
    """Figures with what they mean."""
    return el("dl", [el("div", el("dt", label), el("dd", value)) for value, label in items], class_="facts")


def numbers(method: Child, head: Row = (), rows: Iterable[Row] = (), summary: str = "Numbers and method") -> Html:
    """The chart again as a table, and how it was counted: for screen readers, and for the curious."""
    body = [
        el("tr", el("th", row[0], scope="row"), [el("td", cell) for cell in row[1:]])
        for row in rows
    ]  # fmt: skip
    table = el(
        "div",
        el("table", el("thead", el("tr", [el("th", cell, scope="col") for cell in head])), el("tbody", body)),
        class_="scroll",
    )
    return el("details", el("summary", summary), el("p", method), table if body else None, class_="numbers")


def missing(answer: NotInFile) -> Html:
    """The place of a chart that the file cannot fill."""
    return el("p", el("strong", "Not in this file. "), answer.reason, class_="missing")


def bars(items: Iterable[tuple[Child, Child, float]], class_: str = "") -> Html:
    """A ranked list: what, how much, and a bar of that share of the longest (0 to 1)."""
    return el(
        "ol",
        [
            el(
                "li",
                el("span", what, class_="what"),
                el("span", value, class_="value"),
                el("span", class_="bar", style=f"--w:{max(0.0, min(1.0, width)):.4f}"),
            )
            for what, value, width in items
        ],
        class_=f"bars {class_}".strip(),
    )


def time_axis(first_month: int, months: int) -> Html:
    """Year labels (months, in a short history) under a chart whose width is that many months."""
    step = 1 if months <= 7 else 3 if months <= 26 else 12
    while step >= 12 and months / step > 12:
        step += 12
    marks = []
    for i in range(months):
        number = first_month + i
        if number % step == 0 and 0.01 <= (i + 0.5) / months <= 0.96:
            label = str(number // 12) if step >= 12 else month(number, short=True)[:3]
            if step < 12 and number % 12 == 0:
                label = str(number // 12)
            late = "late" if i / months > _LATE else None
            marks.append(el("span", label, class_=late, style=f"left:{100 * i / months:.2f}%"))
    return el("div", marks, class_="axis many" if len(marks) > _MANY_LABELS else "axis", aria_hidden="true")


def key(items: Iterable[tuple[str, Child]]) -> Html:
    """Which colour is what: (class, words)."""
    return el("p", [el("span", el("i", class_=class_), el("span", words)) for class_, words in items], class_="key")


def hour_axis() -> Html:
    """Hours of the day under a chart of 24 columns."""
    marks = [el("span", str(h), style=f"left:{100 * (h + 0.5) / 24:.2f}%") for h in range(0, 24, 6)]
    return el("div", marks, class_="axis mid", aria_hidden="true")


def columns(*children: Child) -> Html:
    """Children side by side where there is room."""
    return el("div", *children, class_="columns")


def titled(title: Child, *children: Child, note: Child = None) -> Html:
    """A part of a section under its own small title."""
    return el("div", el("h3", title), el("p", note, class_="note") if note else None, join(*children), class_="part")
