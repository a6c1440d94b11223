"""The page and the picture of what benchmarks/validation.py measured, and the promises that it has to keep."""

from __future__ import annotations

from typing import Any

from benchmarks.validation_parts.forgeries import BLATANT, COPY, FORGERIES, SLY

STRENGTHS = (10, 25, 50, 75, 100)
"""Of a forgery, in percent."""


def missed(found: dict[str, Any]) -> list[str]:
    """What is promised at default thresholds and does not hold."""
    out = [f"{found['false_alarms']} genuine-looking histories are refused"] if found["false_alarms"] else []
    for name, (_, sort) in FORGERIES.items():
        for percent, cell in found["forgeries"][name].items():
            least = {COPY: 100, BLATANT: 95 if int(percent) >= 50 else 0, SLY: 0}[sort]
            if cell["refused_percent"] < least:
                out.append(f"{name} at {percent}%: {cell['refused_percent']}% refused, {least}% are promised")
    return out


def table(found: dict[str, Any]) -> str:
    """The results as Markdown."""
    head = "| forgery | " + " | ".join(f"{s}%" for s in STRENGTHS) + " |\n|---|" + "---|" * len(STRENGTHS) + "\n"
    lines = []
    for name, by_strength in found["forgeries"].items():
        cells = [f"{c['refused_percent']}% ({c['weight_percent_of_honest']})" for c in by_strength.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return TEXT.format(
        head=head,
        lines="\n".join(lines),
        score=found["lowest_genuine_score_ppm"] // 10_000,
        habit_scores=", ".join(f"{name} {cell['lowest_score_percent']}%" for name, cell in found["habits"].items()),
        low=found["plays"]["min_plays"],
        high=found["plays"]["max_plays"],
        **found,
    )


TEXT = """\
# Forgeries against the validators

Made by `make bench-validation`. By strength of the forgery: the share of forgeries that is refused, and in
brackets the mean weight in percent of what the forger's own honest file would get.

{head}{lines}

False alarms: {false_alarms} of {genuine} genuine-looking histories refused (invented ones, one small real file, and
invented people with unusual habits). Lowest score of the usual ones {score}%;
{habit_scores}.
{trials} trials a cell, {low} to {high} plays a history.

What this says: copies are found, also shifted, renamed and edited ones, and whatever part of them. Inventions without
skill are refused once they are half of a file, and cost weight before. Padding a file with one's own plays costs most
of the weight at a tenth and is refused from about a half on; a tenth of random rows changes nothing and brings nothing.
Who hears famous albums in their order shares lengths and order with everybody else who does, and is not taken for a
copy ([why](../docs/adr/0094-an-album-is-everybodys.md)).

Not found: **the file of a person whom the validators have never seen, mixed into one's own**, unless both often listen
at the same time; **another's file in which all sittings are put in another order and all plays that were cut are cut
elsewhere**, and one's own days told again in the same way, which leaves nothing to the millisecond that a copy is known
by; **up to seven plays of another's**, which could be chance and bring under a hundredth of the weight; **a tenth of
one's days exchanged for another's**; and **a history invented with skill**: by a generator as good as ours, which is
what the genuine side here is made with, so that no check can refuse the one and keep the other, or by a plan that
gives each title one length. Exports are unsigned: forging is made costly, not
impossible. Real people differ more than invented ones; the ranges of the checks are those of five real accounts,
widened ([why](../docs/adr/0063-checks-on-sequences.md)).

![Share refused by strength](validation.svg)
"""


HUE_STEP = 137.5
"""Degrees between one line's colour and the next: the golden angle, under which neighbours differ however many."""


def plot(found: dict[str, Any]) -> str:
    """The refused share by strength, as SVG."""
    width, left, top, right = 940, 50, 20, 330
    height = top + 22 * len(found["forgeries"]) + 60
    wide, high = width - left - right, height - top - 50

    def x(s: int) -> float:
        return left + wide * s / 100

    def y(p: float) -> float:
        return top + high * (1 - p / 100)

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12"'
        f' viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for p in range(0, 101, 25):
        parts.append(f'<line x1="{left}" x2="{left + wide}" y1="{y(p):.0f}" y2="{y(p):.0f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y(p) + 4:.0f}" text-anchor="end">{p}%</text>')
    for s in STRENGTHS:
        parts.append(f'<text x="{x(s):.0f}" y="{height - 30}" text-anchor="middle">{s}%</text>')
    parts.append(
        f'<text x="{left + wide / 2:.0f}" y="{height - 10}" text-anchor="middle">'
        "strength of the forgery; up: share refused</text>"
    )
    for i, (name, lines) in enumerate(found["forgeries"].items()):
        colour = f"hsl({i * HUE_STEP % 360:.0f} 65% {32 + i % 3 * 8}%)"
        points = " ".join(f"{x(int(s)):.1f},{y(c['refused_percent']) + (i - 5) * 1.2:.1f}" for s, c in lines.items())
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at = top + 16 + i * 22
        parts.append(
            f'<line x1="{left + wide + 16}" x2="{left + wide + 40}" y1="{at}" y2="{at}"'
            f' stroke="{colour}" stroke-width="3"/>'
        )
        parts.append(f'<text x="{left + wide + 48}" y="{at + 4}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
