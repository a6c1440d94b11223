"""Takes the pictures of docs/insights.md: `python -m tests.sdk.insights.screenshots` (needs Chromium).

The person in them is invented (`lifelike`), and so is every artist.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path

from tests.sdk.insights.browser import PROGRAM, Browser
from tests.sdk.insights.lifelike import lifelike
from unwrapped_dao.kinds.music.insights import write_comparison, write_report

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
LARGEST_BYTES = 250_000
_TOP = "document.querySelector('{}').getBoundingClientRect().top + scrollY"


def take(images: Path = IMAGES) -> list[str]:
    """Write every picture; what the pages complained about meanwhile."""
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        anna = lifelike("anna")
        ben = lifelike("ben", account=True, first=dt.date(2024, 1, 5))
        page = write_report(anna, folder, timezone="Europe/Berlin").report
        pair = write_comparison(
            anna, ben, folder, label_a="Anna", label_b="Ben", timezone_a="Europe/Berlin", timezone_b="Europe/Berlin"
        )
        for dark in (False, True):
            mode = "dark" if dark else "light"
            browser.open(page, width=1280, dark=dark)
            _take(browser, images / f"insights-desktop-{mode}", "#top", 2060, 0.6)
            browser.open(page, width=360, dark=dark, phone=True)
            _take(browser, images / f"insights-phone-{mode}", "#top", 1560, 0.9)
        browser.open(page, width=1280)
        _take(browser, images / "insights-phases", "#phases", 1180, 0.62)
        _take(browser, images / "insights-skips", "#skips", 1300, 0.6)
        _take(browser, images / "insights-diversity", "#diversity", 900, 0.62)
        browser.open(page, width=1280, dark=True)
        _take(browser, images / "insights-discovery", "#discovery", 1180, 0.62)
        _take(browser, images / "insights-years", "#recap", 1080, 0.62)
        _take(browser, images / "insights-share", "#share", 1050, 0.62)
        browser.open(page, width=360, dark=True, phone=True)
        _take(browser, images / "insights-phone-years", "#recap", 1400, 0.9)
        browser.open(pair, width=1280)
        _take(browser, images / "insights-comparison", "#top", 2000, 0.5)
        return browser.problems


def main() -> None:
    """All pictures of the page; fails when one is too large."""
    if PROGRAM is None:
        sys.exit("error: Chromium is not installed")
    problems = take()
    if problems:
        sys.exit(f"error: the pages complain: {problems}")


def _take(browser: Browser, stem: Path, start: str, height: float, scale: float) -> None:
    # A chapter keeps its distance to the one before; the picture needs less of it.
    top = max(0.0, float(browser.run(_TOP.format(start))) + (50 if start not in ("#top",) else 0))
    data = browser.picture(top=top, height=height, scale=scale)
    path = stem.with_suffix(".png")
    path.write_bytes(data)
    print(f"{path.name} {len(data) // 1000} kB")
    if len(data) > LARGEST_BYTES:
        sys.exit(f"error: {path.name} is larger than {LARGEST_BYTES // 1000} kB")


if __name__ == "__main__":
    main()
