"""The page as a browser shows it: no complaint, no request, nothing too wide, and charts that answer."""

from __future__ import annotations

import datetime as dt
import struct
from itertools import islice
from pathlib import Path

import pytest

from tests.sdk.insights.accessible import COMPLAINTS
from tests.sdk.insights.browser import PROGRAM, Browser
from tests.sdk.insights.builders import play
from tests.sdk.insights.hostile import hostile
from tests.sdk.insights.lifelike import lifelike
from tests.sdk.insights.screenshots import IMAGES, take
from unwrapped_dao.kinds.music.insights import History, tops, write_report
from unwrapped_dao.kinds.music.insights.words import amount, clean
from unwrapped_dao.kinds.music.listens import Listens

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed: the page was not looked at"),
]


def test_twenty_years_and_long_names_fit_a_phone_and_a_desktop(tmp_path: Path) -> None:
    page = write_report(_long_life(), tmp_path, timezone="Europe/Berlin").report
    with Browser() as browser:
        for width in (320, 375, 768, 1280):
            browser.open(page, width=width, phone=width < 500)
            assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.run(_CUT_OFF) == []
            assert browser.run(_TOUCHING) == []
            assert browser.run(_BROKEN_FIGURES) == []


def test_the_page_works_on_a_phone_and_a_desktop_by_day_and_night(life: Listens, tmp_path: Path) -> None:
    path = write_report(hostile(life), tmp_path / "hostile", timezone="Europe/Berlin").report
    with Browser() as browser:
        for width, dark in ((320, False), (360, True), (1280, False)):
            browser.open(path, width=width, dark=dark, phone=width < 500)
            assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.run("document.documentElement.className") == "js"
            assert browser.run("getComputedStyle(document.body).backgroundColor") == (
                "rgb(19, 16, 25)" if dark else "rgb(251, 248, 243)"
            )
        assert browser.run("window.alerted === undefined && document.images.length") == 1
        assert browser.run("document.images[0].naturalWidth") == 1080
        _answers(browser, write_report(life, tmp_path / "life", timezone="Europe/Berlin").report, life)
        assert browser.problems == []
        assert [url for url in browser.requests if not url.startswith(("file:", "data:image/svg"))] == []


def test_nothing_is_without_a_name_out_of_order_or_too_pale(life: Listens, tmp_path: Path) -> None:
    few = Listens.of_rows(islice(life.rows(), 5_000, 5_020))
    pages = [write_report(one, tmp_path / str(len(one)), timezone="Europe/Berlin").report for one in (life, few)]
    with Browser() as browser:
        for path in pages:
            for dark in (False, True):
                browser.open(path, width=1280, dark=dark)
                assert browser.run(f"JSON.stringify({COMPLAINTS.strip()})") == "[]"


def test_on_paper_the_page_is_light_and_keeps_its_colours_and_every_year(life: Listens, tmp_path: Path) -> None:
    """The cover is light letters on a dark ground: without it, nothing would be there to read."""
    path = write_report(life, tmp_path, timezone="Europe/Berlin").report
    with Browser() as browser:
        browser.open(path, width=1280, dark=True)
        browser.run("document.documentElement.dataset.theme = 'dark'")
        dark = [{"name": "prefers-color-scheme", "value": "dark"}]
        browser.call("Emulation.setEmulatedMedia", media="print", features=dark)
        style = "getComputedStyle(document.querySelector('{}')).{}"
        assert browser.run(style.format("body", "backgroundColor")) == "rgb(251, 248, 243)"
        assert browser.run(style.format(".hero", "printColorAdjust")) == "exact"
        hidden = "[...document.querySelectorAll('.panel')].filter(p => getComputedStyle(p).display === 'none').length"
        assert browser.run(hidden) == 0 and browser.run(style.format("nav", "display")) == "none"


def test_the_pictures_in_the_docs_can_be_taken_again(tmp_path: Path) -> None:
    assert take(tmp_path) == []
    committed = {path.name: size(path) for path in IMAGES.glob("insights-*.png")}
    assert {path.name: size(path) for path in tmp_path.iterdir()} == committed
    assert all(path.stat().st_size > 40_000 for path in tmp_path.iterdir()), "none is empty"


def size(path: Path) -> tuple[int, ...]:
    """Width and height, from the header (PNG 11.2.1)."""
    return struct.unpack(">II", path.read_bytes()[16:24])


def _answers(browser: Browser, path: Path, life: Listens) -> None:
    browser.open(path, width=1280)
    # One year is shown, and another after a click.
    shown = "[...document.querySelectorAll('.panel')].filter(p => p.offsetHeight).map(p => p.id).join()"
    assert browser.run(shown) == "year-2024"
    browser.run("document.getElementById('tab-2023').click()")
    assert browser.run(shown) == "year-2023"
    # The sliders show the true tops of the months between them.
    history = History(life, "Europe/Berlin")
    browser.run(
        "for (const [id, at] of [['window-from', 3], ['window-to', 5]]) { const s = document.getElementById(id);"
        "s.value = at; s.dispatchEvent(new Event('input')); }"
    )
    days = [d for d, m in zip(history.all.day, history.all.month, strict=True) if 3 <= m - history.first_month <= 5]
    expected = [[clean(t.name), amount(t.value, True)] for t in tops(history, min(days), max(days)).artists]
    listed = (
        "[...document.querySelectorAll('#window-list li')].map(li => [li.querySelector('.what').textContent"
        ".replace(/[\\u2068\\u2069]/g, ''), li.querySelector('.value').textContent])"
    )
    assert browser.run(listed) == expected
    # Arrow keys read a chart aloud; a picked artist dims the others.
    key = "document.querySelector('#discovery .plot').dispatchEvent(new KeyboardEvent('keydown', {key: 'End'}))"
    browser.run(key)
    assert "December 2024" in browser.run("document.getElementById('spoken').textContent")
    browser.run("document.querySelector('[data-pick]').click()")
    assert browser.run("document.querySelectorAll('.band.dim').length") >= 7
    # The card becomes a PNG.
    browser.run("HTMLAnchorElement.prototype.click = function () { window.saved = [this.download, this.href]; }")
    browser.run("document.querySelector('[data-save=png]').click()")
    assert browser.run("new Promise(done => setTimeout(() => done(window.saved[0]), 500))") == "card.png"
    browser.run("document.getElementById('theme').click()")
    assert browser.run("document.documentElement.dataset.theme") == "dark"


_CUT_OFF = """[...document.querySelectorAll('.axis span, .lanes .tag')]
  .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth).map(e => e.textContent)"""
_TOUCHING = """[...document.querySelectorAll('.axis')].flatMap(axis => {
  const seen = [...axis.children].filter(e => e.getClientRects().length).map(e => e.getBoundingClientRect());
  return seen.slice(1).filter((e, i) => e.left < seen[i].right).map(e => axis.textContent + ' at ' + innerWidth)})"""

_BROKEN_FIGURES = """[...document.querySelectorAll('.times')].filter(e => e.getClientRects().length
  && e.getBoundingClientRect().height > 1.6 * parseFloat(getComputedStyle(e).fontSize)).map(e => e.textContent)"""


def _long_life() -> Listens:
    """Twenty years with a week of 224 times the same; every third artist has a name without a place to break."""
    rows = list(lifelike("carl", per_day=2, first=dt.date(2005, 1, 1)).rows())
    number = {artist: i for i, artist in enumerate(sorted({row[2] for row in rows}))}
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikantenverband"
    week = [play(day, "Ada", "Loop", hour=i / 8) for day in range(7) for i in range(32)]
    return Listens.of_rows(
        week + [(*row[:2], f"{long} {number[row[2]]}" if number[row[2]] % 3 == 0 else row[2], *row[3:]) for row in rows]
    )
