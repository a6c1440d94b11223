"""Say what the test runs of `make test` or `make long` counted, in the words of the test runner, the total last.

    python scripts/summary.py STARTED SUITE...      read reports/SUITE.xml (JUnit); STARTED is seconds since 1970

A suite that did not run is said, and counts as an error.
"""

from __future__ import annotations

import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

REPORTS = Path(__file__).resolve().parent.parent / "reports"
WORDS = ("failed", "passed", "skipped", "errors")


def counts(path: Path) -> Counter[str]:
    """Tests by outcome in one report."""
    found: Counter[str] = Counter()
    for suite in ElementTree.parse(path).iter("testsuite"):
        number = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
        found["failed"] += number["failures"]
        found["errors"] += number["errors"]
        found["skipped"] += number["skipped"]
        found["passed"] += number["tests"] - number["failures"] - number["errors"] - number["skipped"]
    return found


def line(found: Counter[str]) -> str:
    """As in `3 failed, 120 passed, 1 skipped`."""
    return ", ".join(f"{found[word]} {word}" for word in WORDS if found[word]) or "no tests ran"


def main() -> int:
    total: Counter[str] = Counter()
    for suite in sys.argv[2:]:
        path = REPORTS / f"{suite}.xml"
        found = counts(path) if path.is_file() else Counter({"errors": 1})
        total += found
        print(f"{suite:10} {line(found) if path.is_file() else 'did not run'}")
    seconds = time.time() - float(sys.argv[1])
    print(f"{'=' * 20} {line(total)} in {seconds:.2f}s {'=' * 20}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
