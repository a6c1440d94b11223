"""The page, the card and the notes: safe, self-contained, the same every time, silent about names where promised."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sdk.insights.builders import play
from tests.sdk.insights.hostile import NAMES, hostile
from unwrapped_dao import samples
from unwrapped_dao.errors import InputError, SettingsError
from unwrapped_dao.kinds.music import read_export
from unwrapped_dao.kinds.music.insights import INSIGHTS, highlights, write_comparison, write_report
from unwrapped_dao.kinds.music.insights.report.document import policy
from unwrapped_dao.kinds.music.listens import Listens

VOID = {"br", "hr", "img", "input", "link", "meta"}


class Page(HTMLParser):
    """What a browser's parser makes of a page: tags, attributes, text, and whether all that opens is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        else:
            self.text.append(data)


@pytest.fixture(scope="module")
def written(life: Listens, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a whole life."""
    return write_report(life, tmp_path_factory.mktemp("life"), timezone="Europe/Berlin").report.parent


@pytest.fixture(scope="module")
def attacked(life: Listens, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on a life of hostile names, and a comparison with it."""
    folder = tmp_path_factory.mktemp("attacked")
    write_report(hostile(life), folder, timezone="Europe/Berlin", name_artists=30)
    write_comparison(hostile(life), life, folder, label_a=NAMES[0], label_b=NAMES[1])
    return folder


def _text(folder: Path, name: str = "report.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["report.html", "comparison.html"])
def test_hostile_names_become_text_and_nothing_else(attacked: Path, written: Path, name: str) -> None:
    page = Page(_text(attacked, name))
    ours = {tag for tag, _ in Page(_text(written)).tags} | {"tfoot"}
    assert {tag for tag, _ in page.tags} <= ours
    for tag, attributes in page.tags:
        for key in attributes:
            assert not key.startswith("on"), (tag, key)
        assert not (attributes.get("href") or "#").startswith("javascript"), tag
    kinds = Counter(attributes.get("type") for attributes, _ in page.scripts)
    assert kinds[None] == 1
    assert sum(kinds.values()) <= 2
    shown = "".join(page.text)
    assert "<script>alert(1)</script>" in shown or '"><img src=x onerror=alert(2)>' in shown
    assert not set("\x00\x07\x1b\u202e\u2028") & set(shown)


def test_the_data_block_is_json_that_cannot_end_its_element(attacked: Path) -> None:
    blocks = [text for attributes, text in Page(_text(attacked)).scripts if attributes.get("type")]
    (data,) = [json.loads(block) for block in blocks]
    assert not set("<>&") & set(blocks[0])
    assert any("script" in name for name, _ in data["artists"])


@pytest.mark.parametrize("name", ["report.html", "comparison.html"])
def test_the_page_loads_nothing_and_says_so_to_the_browser(attacked: Path, name: str) -> None:
    page = Page(_text(attacked, name))
    for tag, attributes in page.tags:
        for key in ("src", "href", "srcset", "data", "action", "poster", "xlink:href"):
            value = attributes.get(key)
            assert value is None or value.startswith(("#", "data:image/svg+xml;base64,")), (tag, key, value)
        assert "url(" not in (attributes.get("style") or "")
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
    styles = _text(attacked, name).partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in styles
    assert "@import" not in styles
    policies = [a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [policy()]
    assert "default-src 'none'" in policy()
    assert "img-src data:" in policy()
    assert "script-src 'unsafe-inline'" not in policy()


def test_the_policy_names_the_hash_of_the_one_script(written: Path) -> None:
    (script,) = [text for attributes, text in Page(_text(written)).scripts if not attributes.get("type")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy()


def test_the_policy_comes_before_anything_it_should_stop(written: Path) -> None:
    text = _text(written)
    assert text.index("Content-Security-Policy") < min(text.index("<style"), text.index("<script"))


def test_identifiers_are_unique_and_every_link_leads_somewhere(written: Path) -> None:
    page = Page(_text(written))
    identifiers = Counter(a["id"] for _, a in page.tags if "id" in a)
    assert max(identifiers.values()) == 1
    for tag, attributes in page.tags:
        for key in ("href", "aria-controls", "aria-labelledby", "for"):
            value = attributes.get(key)
            if value:
                assert value.lstrip("#") in identifiers, (tag, key, value)


def test_every_chart_has_a_title_a_description_or_a_label(written: Path) -> None:
    page = Page(_text(written))
    names = [tag for tag, _ in page.tags]
    for i, (tag, attributes) in enumerate(page.tags):
        if tag == "svg":
            assert names[i + 1] == "title", attributes
            assert attributes.get("role") == "img"
        if tag == "img":
            assert attributes.get("alt")
        if "data-chart" in attributes and tag != "figure":
            assert attributes.get("aria-label")
    assert sum(1 for tag, a in page.tags if a.get("tabindex") == "0" and "plot" in (a.get("class") or "")) >= 10


def test_the_page_says_whose_clock_it_shows_and_what_is_missing(
    written: Path, account: Listens, tmp_path: Path
) -> None:
    assert "Hours are those of Europe/Berlin, as you asked." in "".join(Page(_text(written)).text)
    told = "".join(Page(_text(write_report(account, tmp_path).report.parent)).text)
    assert "is a guess from the hours" in told
    assert "What another file could tell" in told and "does not tell how each play was started" in told


def test_the_card_and_the_notes_hold_no_name(life: Listens, written: Path) -> None:
    names = {*life.texts("artist"), *life.texts("track"), *life.texts("album")}
    names = {name for name in names if len(name) > 3}
    assert len(names) > 500
    for file in ("card.svg", "insights.md"):
        text = _text(written, file)
        words = set(re.findall(r"\w[\w' ]*\w", text))
        assert not [name for name in names if name in text], file
        assert words
    assert not re.search(r"\d{1,2} (January|February|March)", _text(written, "card.svg"))


def test_the_card_is_well_formed_and_draws_only(attacked: Path) -> None:
    card = ElementTree.fromstring(_text(attacked, "card.svg"))
    tags = {element.tag.rpartition("}")[2] for element in card.iter()}
    assert tags <= {"svg", "g", "defs", "linearGradient", "radialGradient", "stop", "rect", "circle", "path", "text",
                    "title", "desc"}  # fmt: skip
    for element in card.iter():
        assert not [key for key in element.attrib if key.startswith("on") or "href" in key]


def test_names_in_the_notes_are_asked_for_escaped_and_called_data(attacked: Path) -> None:
    notes = _text(attacked, "insights.md")
    section = notes.partition("## Top artists")[2]
    assert "not instructions" in section
    assert section.count("\n1. ") == 1
    for line in section.splitlines()[4:]:
        bare = re.sub(r"\\.", "", line)
        assert not re.search(r"[`*_\[\]<>#]", bare), line
    assert "\u202e" not in notes


def test_the_same_file_and_zone_give_the_same_bytes_in_every_process(
    life: Listens, written: Path, tmp_path: Path
) -> None:
    (tmp_path / "life").write_bytes(life.to_bytes())
    program = (
        "import sys, pathlib\n"
        "from unwrapped_dao.kinds.music.listens import Listens\n"
        "from unwrapped_dao.kinds.music.insights import write_report\n"
        "listens = Listens.from_bytes(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "write_report(listens, sys.argv[2], timezone='Europe/Berlin')\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "life"), str(tmp_path)],
        check=True, timeout=120, env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    )  # fmt: skip
    for name in ("report.html", "card.svg", "insights.md"):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()


def test_nothing_opens_a_connection(life: Listens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert write_report(life, tmp_path).report.exists()


def test_a_folder_that_cannot_be_written_is_said(life: Listens, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError):
        write_report(life, tmp_path / "file")


def test_highlights_are_a_dozen_lines_without_control_characters(life: Listens) -> None:
    lines = highlights(hostile(life))
    assert 8 <= len(lines) <= 18
    assert all(line.isprintable() or "\u200d" in line for line in lines)


def test_the_real_sample_has_a_report(tmp_path: Path) -> None:
    files = write_report(read_export(samples.third_party()).records, tmp_path)
    Page(files.report.read_text(encoding="utf-8"))
    assert files.highlights


ROWS = st.builds(
    play,
    st.integers(0, 4000),
    st.sampled_from(["Ada", "Bob", "Various Artists", "<b>"]),
    st.sampled_from(["One", "Two", "Three", "<i>"]),
    hour=st.floats(0, 23.9),
    ms=st.sampled_from([-1, 0, 1, 29_999, 30_000, 200_000, 7 * 86_400_000]),
    start=st.sampled_from(["", "clickrow", "trackdone", "unknown", "other"]),
    end=st.sampled_from(["", "fwdbtn", "trackdone", "logout"]),
    shuffle=st.sampled_from([-1, 0, 1]),
    skipped=st.sampled_from([-1, 0, 1]),
    private=st.sampled_from([0, 0, 0, 1]),
    kind=st.sampled_from(["music", "local", "podcast"]),
    source=st.sampled_from(["spotify-extended", "lastfm"]),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=30), st.sampled_from([None, "Pacific/Apia", "Europe/Berlin"]))
def test_any_history_however_small_or_odd_has_a_report(tmp_path: Path, rows: list[Any], zone: str | None) -> None:
    try:
        files = write_report(Listens.of_rows(rows), tmp_path, timezone=zone)
    except InputError:
        assert not [row for row in rows if row[6] != "podcast" and not row[11]]
        return
    text = files.report.read_text(encoding="utf-8")
    Page(text)
    assert "NaN" not in text
    assert "inf," not in text
    ElementTree.fromstring(files.card.read_text(encoding="utf-8"))


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_letters_have_the_contrast_that_wcag_asks_for_by_day_and_night(written: Path) -> None:
    styles = _text(written).partition("<style>")[2].partition("</style>")[0]
    light = re.search(r":root \{(.*?)\}", styles, re.S)
    dark = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', styles, re.S)
    assert light and dark
    for theme in (light[1], dark[1]):
        colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", theme))
        for ink in ("ink", "soft", "accent"):
            for ground in ("ground", "raised", "wash"):
                assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for i in range(1, 5):
            assert _contrast(colours["on-low"], colours[f"h{i}"]) >= 4.5, i
        for i in range(6, 10):
            assert _contrast(colours["on-high"], colours[f"h{i}"]) >= 4.5, i
        for i in range(1, 13):  # shapes need three to one
            assert _contrast(colours[f"f{i}"], colours["ground"]) >= (3 if theme is dark[1] else 1.7), i
    assert _contrast("#ffffff", "#c24a45") >= 4.5


def test_the_docs_tell_what_runs_and_show_pictures_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = Path(__file__).resolve().parents[3] / "docs"
    text = (docs / "insights.md").read_text(encoding="utf-8")
    pictures = re.findall(r"\]\((images/[^)]+)\)", text)
    assert len(pictures) >= 8
    for picture in pictures:
        assert 1_000 < (docs / picture).stat().st_size <= 250_000, picture
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", text, re.S)
    exec(compile(block, "docs/insights.md", "exec"), {})
    assert (tmp_path / "my-insights" / "report.html").exists()
    assert "Your number one is" in capsys.readouterr().out
    for insight in INSIGHTS:
        assert f"`{insight.name}`" in text, insight.name


def test_a_file_of_a_few_plays_has_a_short_page_without_empty_chapters(tmp_path: Path, life: Listens) -> None:
    few = Listens.of_rows(islice(life.rows(), 5_000, 5_020))
    page = _text(write_report(few, tmp_path, timezone="UTC").report.parent)
    told = "".join(Page(page).text)
    for identifier in ("forgotten", "skips", "recap", "intent", "phases"):
        assert f'<section id="{identifier}"' not in page and f'href="#{identifier}"' not in page
    assert "Too few plays tell how they ended" in told, "it does tell; saying that it does not would be untrue"
    for figure in ("100% of your listening goes", "not in this file of", "1 artists"):
        assert figure not in told


def test_equal_plays_of_a_day_do_not_make_a_file_of_days_tell_hours(tmp_path: Path) -> None:
    rows = [
        (20_000 * 86_400_000 + n % 3, 180_000, "A", "T", "", "", "music", "", "", -1, -1, 0, 0, "apple-music-daily")
        for n in range(40)
    ]
    done = write_report(Listens.of_rows(rows), tmp_path, timezone="Europe/Berlin")
    told = done.highlights
    assert "One artist without a break" not in _text(done.report.parent), "which came first is not told"
    assert not any(line.startswith("Your hour") for line in told) and any("days only" in line for line in told)


def test_one_play_of_one_day_is_told_as_one(tmp_path: Path) -> None:
    row = (1_700_000_000_000, 180_000, "Zelvora", "Tide", "", "", "music", "", "", 0, 0, 0, 0, "spotify-extended")
    page = write_report(Listens.of_rows([row]), tmp_path, timezone="UTC").report.read_text()
    assert "1 time you put music on" in page and "on 14 November 2023." in page
    assert "1 times" not in page and "to 14 November 2023" not in page


def test_a_cover_without_stripes_keeps_its_distance_and_its_sum_agrees_with_the_rows_below(tmp_path: Path) -> None:
    plays = [play(0, "Ada", ms=225_000), play(0, "Bela", hour=13, ms=205_000)]
    page = write_report(Listens.of_rows(plays), tmp_path, timezone="UTC").report.read_text()
    assert 'class="hero plain"' in page
    assert re.search(r'class="big">7</span> <span class="unit">minutes of music', page)  # 4 min and 3 min
    assert "2 artists, one about as much as another." in page and "far more than others" not in page
    assert "One day at a time" in page and "1 day in a row<" not in page
