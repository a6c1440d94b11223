"""docs/spec/rows.md says what the code does: its example decodes, its digest and its ids are the real ones."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from unwrapped_dao import kinds

TEXT = (Path(__file__).parents[2] / "docs" / "spec" / "rows.md").read_text("utf-8")


def test_the_example_decodes_and_has_the_digest() -> None:
    example = re.search(r"```\n(\{\"columns\".*?)```", TEXT, re.DOTALL)
    assert example is not None
    data = example[1].encode()
    scope = kinds.scope("artist-preferences")
    rows = scope.decode(data)
    assert len(rows) == 2 and scope.encode(rows) == data
    assert hashlib.sha256(data).hexdigest() in TEXT


def test_every_scope_stands_there_with_its_id() -> None:
    table = dict(re.findall(r"\| `([a-z-]+)` \| `0x([0-9a-f]{64})` \|", TEXT))
    scopes = {s.name: s for name in ("music", "heart-rate") for s in kinds.get(name).scopes.values()}
    assert table == {name: scope.scope_id.hex() for name, scope in scopes.items()}
