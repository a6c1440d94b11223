"""Writes the previews of docs/what-leaves-your-machine.md: `python -m tests.docs.what_leaves`.

One play of an invented person, from the service's file to what each scope makes of it, by the code that does it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

from tests.sdk.kinds.make_export_fixtures import FOLDER, extended
from unwrapped_dao import kinds
from unwrapped_dao.kinds import Preview

PAGE = Path(__file__).parents[2] / "docs" / "what-leaves-your-machine.md"
BEGIN, END = "<!-- previews: written by python -m tests.docs.what_leaves -->\n", "<!-- end of previews -->\n"
ROWS = 3


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def previews() -> list[Preview]:
    """Each scope's preview of the same export."""
    music = kinds.get("music")
    found = music.read(FOLDER / "spotify-extended.zip")
    return [kinds.preview(music, found, scope) for scope in music.scopes.values()]


def generated() -> str:
    """The part of the page that the code writes."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    made = previews()
    first = made[0]
    row = json.loads(dict(extended().files)["Spotify Extended Streaming History/Streaming_History_Audio_2024_0.json"])[
        0
    ]
    columns = [json.loads(line) for line in first.records_bytes.splitlines()]
    stop_ms = int(dt.datetime.fromisoformat(row["ts"]).timestamp()) * 1000
    at = columns[1].index(stop_ms - row["ms_played"])
    yield "### In the service's file: one play\n"
    yield "```json\n" + json.dumps(row, indent=1, ensure_ascii=False) + "\n```\n"
    yield "### What your validators see: every play like this\n"
    yield f"{first.records.sentence}\n"
    record = {name: column[at] for name, column in zip(columns[0]["columns"], columns[1:], strict=True)}
    yield "```json\n" + _json(record) + "\n```\n"
    yield f"Never in a record: {', '.join(first.stays_home)}.\n"
    yield "### What a buyer who paid may see\n"
    for preview in made:
        yield f"**`{preview.scope}`** {preview.sentence}\n"
        shown = [dict(row) for row in preview.rows[:ROWS]]
        if kinds.scope(preview.scope).randomised:
            shown = [{"bucket": 45, "epsilon_milli": 4_000, "seed": "d4cd7a1baab87eca"}]
        yield "```json"
        yield from (_json(row) for row in shown)
        yield "```\n"
        rest = len(preview.rows) - len(shown)
        more = f"{rest} more rows follow. " if rest > 0 else ""
        yield f"{more}For the purposes {', '.join(preview.purposes)}. Never: {', '.join(preview.never_contains)}.\n"


def main() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + generated() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
