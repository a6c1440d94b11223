"""Make the project's own environment in .venv, one stage at a time. Needs nothing but Python 3.11 or newer.

    python3 scripts/environment.py demo        what `make demo` runs with: the package and its extras
    python3 scripts/environment.py check       and linters, type checker, test runner
    python3 scripts/environment.py contracts   and Node packages, solc, Brownie, Ganache, Anvil
    python3 scripts/environment.py web3-8      another environment, .venv-web3-8: Brownie cannot live with web3 8

Versions come from constraints.txt and package-lock.json. A stage that is already there costs nothing; it is
installed again when pyproject.toml or one of those files changes.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
EXTRAS = ".[chain,dataset]"
GROUPS = {"demo": [], "check": ["check"], "contracts": ["check", "contracts"]}
WEB3_8 = ROOT / ".venv-web3-8"
LOCK = ROOT / ".venv.lock"
PIP = "pip>=25.1"  # the first that installs dependency groups
PIP_TIMEOUT_S = 900
NPM_TIMEOUT_S = 600


def main():
    stage = sys.argv[1] if len(sys.argv) == 2 else ""
    if stage not in (*GROUPS, "web3-8"):
        stop("say which stage: " + ", ".join((*GROUPS, "web3-8")))
    if sys.version_info < (3, 11):  # noqa: UP036 (this file is the one that an older Python gets to see)
        stop(
            f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}",
            "on Debian 12 or newer: `sudo apt-get install python3 python3-venv`; or `make PYTHON=python3.12 demo`",
        )
    with LOCK.open("w") as lock:
        wait_for_others(lock)
        install(stage)


def wait_for_others(lock):
    """Two words of `make` at once must not install into one folder; the lock ends with this process."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("-- waiting for another `make` that installs here ...", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def install(stage):
    if stage == "web3-8":
        newest_web3()
        return
    if stage == "contracts":
        require_node()
        with ThreadPoolExecutor(1) as beside:  # npm waits for the network, pip for the processor
            nodes = beside.submit(node_packages)
            python_packages(stage)
            nodes.result()
    else:
        python_packages(stage)
    if stage == "contracts":
        step("preparing Brownie", [PYTHON, "scripts/setup_brownie.py"], 300)


def python_packages(stage):
    files = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    if fresh(VENV / f".stage-{stage}", files):
        return
    if not PYTHON.exists():
        try:
            import ensurepip  # noqa: F401 (Debian ships venv without it unless python3-venv is installed)
        except ImportError:
            stop("this Python cannot make environments", "on Debian or Ubuntu: `sudo apt-get install python3-venv`")
        step("making .venv", [sys.executable, "-m", "venv", VENV], 300)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-q"]
    groups = [argument for group in GROUPS[stage] for argument in ("--group", group)]
    if groups:
        step("updating pip", [*pip, PIP], PIP_TIMEOUT_S)
    # --no-compile: what is imported is compiled then, the rest (most of it) never is.
    packages = [*pip, "--no-compile", "-c", "constraints.txt", "-e", EXTRAS, *groups]
    step(f"installing Python packages for `{stage}` (a minute or two)", packages, PIP_TIMEOUT_S)
    for lesser in GROUPS:
        mark(VENV / f".stage-{lesser}", files)
        if lesser == stage:
            break


def newest_web3():
    """The package and its tests with web3 8 and whatever versions that brings; nothing is pinned there."""
    files = [ROOT / "pyproject.toml"]
    if fresh(WEB3_8 / ".stage", files):
        return
    step("making .venv-web3-8", [sys.executable, "-m", "venv", WEB3_8], 300)
    pip = [WEB3_8 / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-q"]
    step("updating pip", [*pip, PIP], PIP_TIMEOUT_S)
    packages = [*pip, "--no-compile", "-e", EXTRAS, "--group", "check", "web3>=8,<9"]
    step("installing Python packages with web3 8", packages, PIP_TIMEOUT_S)
    mark(WEB3_8 / ".stage", files)


def require_node():
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            stop(
                f"{program} is not installed; the contract tests need Node.js 20 or newer with npm",
                "on Debian or Ubuntu: `sudo apt-get install nodejs npm`; `make check` and `make demo` need no Node",
            )


def node_packages():
    files = [ROOT / "package.json", ROOT / "package-lock.json"]
    folder = ROOT / "node_modules"
    # A linked folder belongs to somebody else and is used as it is.
    if folder.is_symlink() or fresh(folder / ".stage", files):
        return
    npm = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
    step("installing Node packages (solc, OpenZeppelin, Ganache, Anvil)", npm, NPM_TIMEOUT_S)
    mark(folder / ".stage", files)


def digest(files):
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def fresh(stamp, files):
    return stamp.is_file() and stamp.read_text() == digest(files)


def mark(stamp, files):
    stamp.write_text(digest(files))


def step(what, command, timeout):
    print(f"-- {what} ...", flush=True)
    started = time.monotonic()
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        stop(f"{what} took longer than {timeout} seconds", "check the network, then run the same command again")
    if done.returncode != 0:
        stop(f"{what} failed (exit code {done.returncode})", "the lines above say why; then run the same command again")
    print(f"   done in {time.monotonic() - started:.0f} s", flush=True)


def stop(message, hint=""):
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
