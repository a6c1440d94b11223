"""Four habits, as small curves over the years, and what they do not mean."""

from __future__ import annotations

from ...findings import Findings
from ...habits import COMFORT_AFTER, Habit
from ...words import percent
from ..markup import Child, Html, el, join
from ..parts import chart, numbers, section
from ..plot import curve, stretched

_HABITS = (
    ("late", "Late night", "of listening from midnight to five"),
    ("comfort", "Comfort", f"of plays are of tracks you already knew by {COMFORT_AFTER} plays"),
    ("repeat", "Repeat", "of plays repeat a track of the same day"),
    ("volatility", "Volatility", "of a week's plays go elsewhere than the week before's"),
)


def chapter(found: Findings) -> Html:
    """Habits of playing."""
    habits = found.habits
    told = [which for which in _HABITS if getattr(habits.whole, which[0]) is not None]
    cards = [_card(habits.whole, habits.years, *which) for which in told]
    return section(
        "habits",
        "Habits",
        f"{('No', 'One', 'Two', 'Three', 'Four')[len(told)]} habit{'s' if len(told) != 1 else ''} of playing",
        "Named for what is counted, and nothing more: they say how you play music, not how you feel or how you are.",
        el("div", cards, class_="habits"),
        numbers(
            "Comfort and repeat count plays of 30 seconds or more. Volatility is one minus what two neighbouring weeks "
            "have in common, artist by artist, averaged over weeks with 15 plays or more.",
            ("", *(title for _, title, _ in _HABITS)),
            (
                (h.label, *(_value(h, key) for key, _, _ in _HABITS))
                for h in (habits.whole, *habits.years)
            ),
        ),
    )  # fmt: skip


def _value(habit: Habit, key: str) -> str:
    value: float | None = getattr(habit, key)
    return "not in this file" if value is None else percent(value)


def _card(whole: Habit, years: tuple[Habit, ...], key: str, title: str, meaning: str) -> Html:
    told = [(h.label, getattr(h, key)) for h in years if getattr(h, key) is not None]
    picture: Child = None
    if len(told) >= 3:
        top = max(v for _, v in told) or 1.0
        points = [(i + 0.5, 40 - 34 * v / top) for i, (_, v) in enumerate(told)]
        marks = [
            el("rect", x=i, y=0, width=1, height=42, class_="hit", data_t=f"{label}|{percent(v)}")
            for i, (label, v) in enumerate(told)
        ]
        svg = stretched(
            f"{title} by year", "A line over the years.", len(told), 42,
            el("path", d=f"{curve(points)}L{len(told) - 0.5},42L0.5,42Z", class_="under"),
            el("path", d=curve(points), class_="line c1"), marks, class_="fluid tiny",
        )  # fmt: skip
        ends = el("div", el("span", told[0][0]), el("span", told[-1][0]), class_="ends", aria_hidden="true")
        picture = join(chart(svg, ends, label=f"{title} by year"))
    return el("article", el("h3", title), el("b", _value(whole, key)), el("p", meaning, class_="note"), picture)
