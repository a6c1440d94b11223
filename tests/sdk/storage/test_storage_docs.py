"""The code in docs/storage.md runs; blocks that need a node or a gateway are marked `no-run` and at least compile."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs" / "storage.md"


def test_the_code_in_the_docs_runs() -> None:
    blocks = re.findall(r"^```python( no-run)?\n(.*?)^```", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    assert sum(not skipped for skipped, _ in blocks) == 2
    names: dict[str, object] = {}
    for skipped, code in blocks:
        compiled = compile(code, str(DOCS), "exec")
        if not skipped:
            exec(compiled, names)
