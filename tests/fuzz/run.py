"""Coverage-guided fuzzing of every source with Atheris: `make fuzz`, or

    python -m tests.fuzz.run [--seconds 20] [--keep] [TARGET...]

Each target is a process of its own that begins from its corpus in tests/fixtures/fuzz. An input that breaks a promise
is kept there, so that the tests fail until it is mended. `--keep` adds the inputs that reached new code.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.reach import worth_keeping
from tests.fuzz.target import CORPUS, HOME_VARIABLE, MEMORY, TARGETS, read_one

LONGEST_BYTES = 3_000
MOST_KEPT = 20
FLAGS = (f"-max_len={LONGEST_BYTES}", "-timeout=20", "-rss_limit_mb=2000", "-verbosity=0", "-print_final_stats=1")


def fuzz(name: str, arguments: list[str]) -> None:
    """This process becomes the fuzzer."""
    import atheris

    with atheris.instrument_imports(include=["unwrapped_dao"]):
        import unwrapped_dao.exports
        import unwrapped_dao.kinds.heart_rate
        import unwrapped_dao.kinds.music  # noqa: F401
    target = TARGETS[name]
    atheris.Setup([sys.argv[0], *arguments], lambda data: read_one(target, data) and None)
    atheris.Fuzz()


def run(name: str, seconds: int, keep: bool) -> bool:
    """One target for so long; whether it held."""
    corpus = CORPUS / name
    with tempfile.TemporaryDirectory(prefix="unwrapped-fuzz-", dir=MEMORY) as scratch:
        found, broken, home = (Path(scratch) / part for part in ("found", "broken", "home"))
        for folder in (found, broken, home):
            folder.mkdir()
        child = [sys.executable, "-m", "tests.fuzz.run", "--target", name, *FLAGS]
        limits = [f"-max_total_time={seconds}", f"-artifact_prefix={broken}/", str(found), str(corpus)]
        environ = os.environ | {HOME_VARIABLE: str(home)}
        done = subprocess.run(
            [*child, *limits], capture_output=True, text=True, timeout=seconds + 120, check=False, env=environ
        )
        stats = dict(line.split(": ", 1) for line in done.stderr.splitlines() if line.startswith("stat::"))
        runs = stats.get("stat::number_of_executed_units", "?").strip()
        for path in broken.iterdir():
            kept = corpus / f"broken-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
            kept.write_bytes(path.read_bytes())
            print(f"{name}: BROKEN by {kept}\n{done.stderr[-2500:]}")
        ok = done.returncode == 0 and not list(broken.iterdir())
        if keep and ok:
            before = [path.read_bytes() for path in sorted(corpus.iterdir())]
            for data in worth_keeping(TARGETS[name], before, [p.read_bytes() for p in found.iterdir()], MOST_KEPT):
                (corpus / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
        print(f"{name}: {runs} inputs in {seconds} s, {len(list(corpus.iterdir()))} kept{'' if ok else ', NOT HELD'}")
        return ok


def main() -> None:
    if sys.argv[1:2] == ["--target"]:
        fuzz(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=20, help="for each target")
    parser.add_argument("--keep", action="store_true", help="add inputs that reached new code to the corpus")
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    results = [run(name, options.seconds, options.keep) for name in options.targets or TARGETS]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
