"""The page: its sections in order, in one file that loads nothing.

The content security policy names the hash of the one script, so that even markup that slipped through could
not run; nothing may be fetched from anywhere.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from ..findings import Findings
from .markup import Child, Html, el, join, trusted
from .parts import Unanswered, unanswered
from .sections import (
    about,
    clock,
    discovery,
    diversity,
    forgotten,
    habits,
    hero,
    phases,
    recap,
    sessions,
    skips,
    streaks,
    tops,
)

_NAVIGATION = (
    ("clock", "Hours"), ("phases", "Phases"), ("discovery", "Discovery"), ("forgotten", "Forgotten"),
    ("skips", "Skips"), ("diversity", "Diversity"), ("sessions", "Sessions"), ("recap", "Years"), ("tops", "Tops"),
    ("streaks", "Streaks"), ("intent", "Intent"), ("habits", "Habits"), ("share", "Share"),
)  # fmt: skip


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def policy() -> str:
    """The page's content security policy."""
    digest = b64encode(sha256(_file("script.js").encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def page(title: str, *body: Child) -> str:
    """A whole document around a body."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy()),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="robots", content="noindex"),
        el("title", title),
        el("style", trusted(_file("style.css"))),
    )
    tools = (
        el("div", id="tip", role="presentation"),
        el("div", id="spoken", class_="hidden", aria_live="polite"),
    )
    script = el("script", trusted(_file("script.js")))
    return "<!doctype html>\n" + el("html", head, el("body", body, tools, script), lang="en") + "\n"


def report(found: Findings, card: str) -> str:
    """The report on one history. `card` is the share card's SVG."""
    chapters = (
        clock.chapter(found), phases.chapter(found), discovery.chapter(found), forgotten.chapter(found),
        skips.chapter(found), diversity.chapter(found), sessions.chapter(found), recap.chapter(found),
        tops.chapter(found), streaks.chapter(found), streaks.intent(found), habits.chapter(found),
    )  # fmt: skip
    told = [chapter for chapter in chapters if isinstance(chapter, Html)]
    open_ones = [chapter for chapter in chapters if isinstance(chapter, Unanswered)]
    absent = {chapter.identifier for chapter in open_ones}
    return page(
        "Your listening, unwrapped",
        hero.section(found),
        hero.glance(found),
        navigation(tuple(item for item in _NAVIGATION if item[0] not in absent)),
        el("main", told, about.share(found, card), unanswered(open_ones), about.about(found), class_="wrap"),
        footer(),
    )


def navigation(items: tuple[tuple[str, str], ...]) -> Html:
    """Links to the chapters, and the switch between light and dark."""
    links = [el("a", label, href=f"#{target}") for target, label in items]
    theme = el("button", el("span", "Light or dark", class_="hidden"), id="theme", type="button", hidden=True)
    return el("nav", el("div", links, class_="wrap"), theme, aria_label="Chapters")


def footer() -> Html:
    """The last line."""
    return el(
        "footer",
        el("p", join("Made offline with unwrapped-dao. Not affiliated with any streaming service."), class_="wrap"),
    )
