"""Every speed benchmark of this folder, one after the other: `make bench`, or `python benchmarks/speed.py [PART...]`.

Each part is a process of its own, prints its figures, writes its own JSON file beside itself, and fails if it misses a
line that is promised. Another one is a line in `PARTS`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS: dict[str, tuple[str, ...]] = {
    "import": ("music_speed.py", "--update"),
    "report": ("insights.py",),
}
PATIENCE_S = 900


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        sys.exit(f"error: no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    missed = []
    for name in chosen:
        print(f"-- {name}", flush=True)
        script, *options = PARTS[name]
        done = subprocess.run([sys.executable, str(HERE / script), *options], timeout=PATIENCE_S, check=False)
        if done.returncode:
            missed.append(name)
    if missed:
        sys.exit(f"error: below the promised line: {', '.join(missed)}")


if __name__ == "__main__":
    main()
