"""Phases over the years: a stream of artists, the months they ruled, and tracks played to pieces."""

from __future__ import annotations

from ...findings import Findings
from ...insight import NotInFile
from ...obsessions import Obsession
from ...phases import Phase, Phases
from ...words import amount, date, month, percent, plural
from ..markup import Child, Html, el, join, name, plain_name
from ..parts import Unanswered, chart, missing, numbers, section, time_axis, titled
from ..plot import band, smoothed, stretched

_MONTHS_NEEDED = 4


def chapter(found: Findings) -> Html | Unanswered:
    """Phases and obsessions."""
    phases, timed = found.phases, found.history.timed
    strongest = phases.strongest
    months = len(phases.rest)
    if months < _MONTHS_NEEDED and not found.obsessions.tracks:
        return Unanswered("phases", "Phases", "They take months, and this file covers fewer than four.")
    if strongest:
        headline: Child = join("The ", month(strongest.peak_month)[-4:], " of ", name(strongest.artist))
        lede: Child = join(
            "Your strongest phase: for ", plural(strongest.last_month - strongest.first_month + 1, "month"), ", ",
            percent(strongest.share), " of everything you played was theirs. ",
            f"{len(phases.phases)} such phases stand out." if len(phases.phases) > 1 else "",
        )  # fmt: skip
    else:
        headline = "Music that came and went"
        lede = "No artist ever took over for a whole month: an even temper." if months >= _MONTHS_NEEDED else ""
    parts: list[Child] = []
    if months >= _MONTHS_NEEDED:
        parts.append(_stream(phases, timed))
    else:
        parts.append(missing(NotInFile("Phases take months, and this file covers fewer than four.")))
    if phases.phases:
        parts.append(titled("Who ruled when", _timeline(phases, timed)))
    if found.obsessions.tracks:
        parts.append(
            titled(
                "Obsessions", el("div", [_obsession(o) for o in found.obsessions.tracks], class_="cards obsessions"),
                note="Single tracks in their fullest seven days.",
            )
        )  # fmt: skip
    method = (
        "A phase is a run of months in each of which an artist has at least 5% of your listening and three times "
        "their usual share. The stream is smoothed over three months; these figures are not."
    )
    rows = (
        (name(p.artist), month(p.first_month), month(p.last_month), amount(p.weight, timed), percent(p.share))
        for p in phases.phases
    )
    return section(
        "phases", "Phases", headline, lede, *parts,
        numbers(method, ("Artist", "From", "To", "Listening", "Share"), rows),
    )  # fmt: skip


def _stream(phases: Phases, timed: bool) -> Html:
    """Bands around a middle line, as wide as each artist's listening."""
    bands = [smoothed(b.weights) for b in phases.bands]
    months = len(phases.rest)
    totals = [sum(b[i] for b in bands) for i in range(months)]
    scale = 96 / (max(totals, default=0) or 1.0)
    edges = [[50 - totals[i] * scale / 2 for i in range(months)]]
    for layer in bands:
        edges.append([edges[-1][i] + layer[i] * scale for i in range(months)])
    lines = [[(i + 0.5, y) for i, y in enumerate(edge)] for edge in edges]
    # The curves begin and end in the middle of a month; they are led straight to the chart's edge.
    lines = [[(0.0, line[0][1]), *line, (float(months), line[-1][1])] for line in lines]
    shapes = [
        el("path", d=band(lines[i], lines[i + 1]), class_=f"band f{i + 1}", data_band=i) for i in range(len(bands))
    ]
    marks = []
    for i in range(months):
        of_month = sorted(((b.weights[i], b.artist) for b in phases.bands if b.weights[i]), reverse=True)[:3]
        lead = ", ".join(f"{plain_name(artist)} {amount(weight, timed)}" for weight, artist in of_month)
        total = phases.rest[i] + sum(b.weights[i] for b in phases.bands)
        text = f"{month(phases.first_month + i)}: {amount(total, timed)}|{lead}"
        marks.append(el("rect", x=i, y=0, width=1, height=100, class_="hit", data_t=text))
    names = ", ".join(plain_name(b.artist) for b in phases.bands)
    svg = stretched(
        "Stream of your artists",
        f"The width of each band is one artist's listening by month. The artists: {names}.",
        months, 100, shapes, marks, class_="fluid tall stream",
    )  # fmt: skip
    legend = el(
        "div",
        [
            el("button", el("i", class_=f"f{i + 1}"), name(b.artist), type="button", data_pick=i, aria_pressed="false")
            for i, b in enumerate(phases.bands)
        ],
        class_="legend",
    )
    banded = sum(sum(b.weights) for b in phases.bands)
    share = percent(banded / (banded + sum(phases.rest) or 1))
    return join(
        chart(svg, time_axis(phases.first_month, months), label="Listening by month and artist", class_="streaming"),
        legend,
        el(
            "p",
            f"As wide as what you played of each. Together they are {share} of your listening.",
            class_="note under-legend",
        ),
    )


def _timeline(phases: Phases, timed: bool) -> Html:
    months = len(phases.rest)
    rows = [el("li", _lane(phase, i, phases, months, timed)) for i, phase in enumerate(phases.phases)]
    return el("div", el("ol", rows, class_="lanes"), time_axis(phases.first_month, months), class_="timeline")


def _lane(phase: Phase, number: int, phases: Phases, months: int, timed: bool) -> Html:
    start = phase.first_month - phases.first_month
    length = phase.last_month - phase.first_month + 1
    colours = {b.artist: i + 1 for i, b in enumerate(phases.bands)}
    colour = f"f{colours.get(phase.artist, 0)}"
    left, width = 100 * start / months, max(100 * length / months, 1.2)
    when = month(phase.first_month, short=True)
    if length > 1:
        when += f" – {month(phase.last_month, short=True)}"
    text = join(
        name(phase.artist),
        " ",
        el("small", when, el("span", f", {percent(phase.share)} · {amount(phase.weight, timed)}", class_="more")),
    )
    after = 100 - left - width
    late = left > after  # the name stands where there is more room, and ends where that does
    side = f"right:{100 - left:.2f}%" if late else f"left:{left + width:.2f}%"
    return join(
        el("span", class_=f"span {colour}", style=f"left:{left:.2f}%;width:{width:.2f}%"),
        el(
            "span", text, class_=f"tag{' late' if late else ''}",
            style=f"{side};max-width:{max(left, after):.2f}%",
        ),
    )  # fmt: skip


def _obsession(one: Obsession) -> Html:
    if one.before == 0 and one.after == 0:
        after = "Never before, never since."
    elif one.burnt_out:
        after = f"After that week, {plural(one.after, 'time')} more." if one.after else "Never since."
    else:
        after = f"It stayed: {plural(one.after, 'play')} since."
    return el(
        "article",
        el("b", f"{one.plays}×", class_="times"),
        el("h4", name(one.track)),
        el("p", name(one.artist), class_="by"),
        el("p", f"Week of {date(one.first_day)}. {after}", class_="note"),
    )
