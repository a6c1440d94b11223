"""Show by symbolic execution (halmos) what holds for every value: tests/symbolic/Properties.t.sol.

    python scripts/symbolic.py      exit 1 if a property does not hold, or could not be decided

Halmos lives in an environment of its own (.tools/halmos), since its pins and Brownie's do not agree. It reads a build
that forge writes into build/symbolic, of copies of the libraries that the properties are about.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from toolchain import EVM_VERSION, OPTIMIZER_RUNS, ROOT, solc, tool

HALMOS = "halmos==0.3.3"
BUILD = ROOT / "build" / "symbolic"
LIBRARIES = ("Cover", "PackedLanes")
PROPERTIES = ROOT / "tests" / "symbolic" / "Properties.t.sol"


def main() -> None:
    executable = tool("halmos", HALMOS)
    shutil.rmtree(BUILD, ignore_errors=True)
    for folder in ("src", "test"):
        (BUILD / folder).mkdir(parents=True)
    for name in LIBRARIES:
        shutil.copy(ROOT / "contracts" / "libraries" / f"{name}.sol", BUILD / "src")
    shutil.copy(PROPERTIES, BUILD / "test")
    (BUILD / "foundry.toml").write_text(
        f'[profile.default]\nsolc = "{solc()}"\noffline = true\noptimizer = true\noptimizer_runs = {OPTIMIZER_RUNS}\n'
        f'evm_version = "{EVM_VERSION}"\n[lint]\nlint_on_build = false\n'
    )
    environment = {**os.environ, "PATH": f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"}
    # Lists of two leaves are searched in two turns; six are more than enough for every loop here.
    options = ["--function", "check_", "--loop", "6", "--solver-timeout-assertion", "120000"]
    sys.exit(subprocess.run([executable, *options], cwd=BUILD, env=environment, timeout=900, check=False).returncode)


if __name__ == "__main__":
    main()
