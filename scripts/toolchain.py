"""The Solidity tool chain: its versions and settings, and where its programs are found. One place.

`solc()` returns an executable of exactly SOLC_VERSION for py-solc-x: a native one where this machine
has it, else a wrapper around the npm package `solc`, written into the Python environment. Both give
the same bytecode; the wrapper is about three times slower.

Not here: what is compiled (compile.py), how Brownie is prepared (setup_brownie.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOLC_VERSION = "0.8.30"
EVM_VERSION = "shanghai"
OPTIMIZER_RUNS = 200
REMAPPINGS = ("@openzeppelin/=node_modules/@openzeppelin/",)

# What every build of these contracts uses; brownie-config.yaml repeats it and a test compares the two.
SETTINGS: dict[str, Any] = {
    "evmVersion": EVM_VERSION,
    "optimizer": {"enabled": True, "runs": OPTIMIZER_RUNS},
    "viaIR": True,
    "remappings": list(REMAPPINGS),
}

# py-solc-x looks for executables named solc-v<version> in one folder.
SOLC_FOLDER = Path(sys.prefix) / "share" / "unwrapped-dao" / "solc"

_WRAPPER = """\
#!/usr/bin/env node
// Answers like the native solc executable (--version, --standard-json), by the npm package solc.
// Written by scripts/toolchain.py; safe to delete, it is written again.
const fs = require("fs"), path = require("path");
const args = process.argv.slice(2);
if (args.includes("--version")) {
  // The version is written here at set-up, since loading the compiler only to ask takes 0.7 s.
  console.log("solc, the solidity compiler commandline interface\\nVersion: @VERSION@");
  process.exit(0);
}
if (!args.includes("--standard-json")) {
  console.error("this wrapper of the npm package solc answers --version and --standard-json only");
  process.exit(1);
}
const solc = require(@PACKAGE@);
const base = process.cwd();
const readImport = (name) => {
  const file = path.resolve(base, name);
  try {
    return { contents: fs.readFileSync(file, "utf8") };
  } catch (error) {
    return { error: `${name} was not found under ${base}` };
  }
};
process.stdout.write(solc.compile(fs.readFileSync(0, "utf8"), { import: readImport }));
"""


class ToolMissing(SystemExit):
    """A program of the tool chain is not installed; the message names the command that installs it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"error: {message}")


def node_modules() -> Path:
    """The folder `npm ci` fills; raises ToolMissing with the command when it is absent."""
    folder = ROOT / "node_modules"
    if not (folder / "@openzeppelin" / "contracts" / "package.json").is_file():
        raise ToolMissing("the Node packages are not installed; run `npm ci` in the project's folder")
    return folder.resolve()


def node() -> str:
    """Path of the Node executable; raises ToolMissing with the command when it is absent."""
    found = shutil.which("node")
    if found is None:
        raise ToolMissing("Node.js 20 or newer is needed; on Debian: `sudo apt-get install nodejs npm`")
    return found


def solc() -> Path:
    """An executable of exactly SOLC_VERSION: native where installed, else the wrapper."""
    name = f"solc-v{SOLC_VERSION}"
    folders = [Path(folder) for folder in (os.environ.get("SOLCX_BINARY_PATH"),) if folder]
    candidates = [folder / name for folder in (*folders, Path.home() / ".solcx")]
    if on_path := shutil.which("solc"):
        candidates.append(Path(on_path))
    for candidate in candidates:
        if candidate != SOLC_FOLDER / name and _answers_version(candidate):
            return candidate
    return _write_wrapper(SOLC_FOLDER / name)


def tool(command: str, requirement: str) -> str:
    """The executable of a Python tool in an environment of its own (.tools/COMMAND), installed if it is not there."""
    home = ROOT / ".tools" / command
    executable = home / "bin" / command
    if not executable.is_file():
        print(f"-- installing {requirement} into {home.relative_to(ROOT)} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True, timeout=300)
        subprocess.run([home / "bin" / "pip", "install", "-q", requirement], check=True, timeout=900)
    return str(executable)


def _answers_version(executable: Path) -> bool:
    if not executable.is_file():
        return False
    try:
        answer = subprocess.run([executable, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return f"Version: {SOLC_VERSION}+" in answer.stdout


def _write_wrapper(path: Path) -> Path:
    package = node_modules() / "solc"
    marker = f'require("{package}")'
    if path.is_file() and marker in path.read_text():
        return path
    command = [node(), "-e", f'console.log(require("{package}").version())']
    version = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    if not version.startswith(f"{SOLC_VERSION}+"):
        raise ToolMissing(f"the npm package solc is {version}, not {SOLC_VERSION}; run `npm ci`")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _WRAPPER.replace("@VERSION@", version).replace("@PACKAGE@", f'"{package}"')
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(text)
    fresh.chmod(0o755)
    fresh.replace(path)
    return path
