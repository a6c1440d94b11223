"""`make` in two terminals at once: one installs, the other waits and says so."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_second_make_waits_for_the_first(tmp_path: Path) -> None:
    program = f"""
import sys; sys.path.insert(0, {str(ROOT / "scripts")!r})
import environment as e
from pathlib import Path
e.LOCK = Path({str(tmp_path / "lock")!r})
e.install = lambda stage: print("installing", stage, flush=True)
sys.argv = ["environment.py", "demo"]
e.main()
"""
    with (tmp_path / "lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert second.stdout.readline() == "-- waiting for another `make` that installs here ...\n"
        assert second.poll() is None
    assert second.communicate(timeout=60) == ("installing demo\n", None)
    assert second.returncode == 0
