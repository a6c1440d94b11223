"""Prepare this Python environment for Brownie. Run once after installing; running it again changes nothing.

    python scripts/setup_brownie.py

It does four things, each of which a person would otherwise do by hand for every shell:

1. Removes the compiled modules (mypyc *.so) of eth-brownie 1.22.2. They raise `TypeError: dict object expected`
   for `networks.default` and `cmd_settings` in brownie-config.yaml and for `--coverage`. The .py files they were
   compiled from lie beside them and are used instead. This is the one place where that is cured.
2. Writes launchers `ganache` and `anvil` into the environment's bin folder. They replace themselves by the real
   program (the npm launchers leave their child behind when killed) and keep Ganache quiet (Brownie never reads
   its output, so that it stops when the pipe is full).
3. Writes a .pth file so that every Python of this environment finds those launchers and the solc of
   scripts/toolchain.py, whatever the shell's PATH and SOLCX_BINARY_PATH are.
4. Adds the networks `unwrapped-ganache` and `unwrapped-anvil` to Brownie's list in ~/.brownie, the only place
   where Brownie reads launch commands from. Their ports and settings stand in brownie-config.yaml.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

from toolchain import SOLC_FOLDER, SOLC_VERSION, ToolMissing, node, node_modules, solc

NETWORKS = {"unwrapped-ganache": ("ganache", 18745), "unwrapped-anvil": ("anvil", 18755)}


def main() -> int:
    brownie = _brownie_folder()
    removed = remove_compiled_modules(brownie)
    print(f"brownie: {removed} compiled modules removed" if removed else "brownie: no compiled modules, good")
    for name, command in launchers().items():
        state = "written" if _write(Path(sys.prefix) / "bin" / name, command, executable=True) else "in place"
        print(f"{name}: launcher {state}")
    if solc().parent != SOLC_FOLDER:
        _link_native_solc()
    hook = Path(sysconfig.get_path("purelib")) / "unwrapped_dao_toolchain.pth"
    print(f"solc {SOLC_VERSION}: {SOLC_FOLDER}, path hook {'written' if _write(hook, _HOOK) else 'in place'}")
    for name in NETWORKS:
        print(f"network {name}: {'added' if add_network(name) else 'known'}")
    return 0


_HOOK = (
    "import os, sys; "
    'os.environ.setdefault("SOLCX_BINARY_PATH", os.path.join(sys.prefix, "share", "unwrapped-dao", "solc")); '
    'os.environ["PATH"] = os.path.join(sys.prefix, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)\n'
)


def remove_compiled_modules(brownie: Path) -> int:
    """Delete each mypyc module that has its source beside it, and their shared body; how many there were."""
    removed = 0
    for compiled in sorted(brownie.rglob("*.so")):
        source = compiled.with_name(compiled.name.split(".", 1)[0] + ".py")
        if source.is_file():
            compiled.unlink()
            removed += 1
    for body in brownie.parent.glob("eth_brownie__mypyc*.so"):
        body.unlink()
    return removed


def launchers() -> dict[str, str]:
    """Shell text by name."""
    packages = node_modules()
    ganache = packages / "ganache" / "dist" / "node" / "cli.js"
    # Ganache prints one line for each call; asked for its version it must still answer.
    texts = {"ganache": f'exec {shlex.quote(node())} {shlex.quote(str(ganache))} --logging.quiet "$@"'}
    natives = sorted(packages.glob("@foundry-rs/anvil-*/bin/anvil"))
    if natives:
        texts["anvil"] = f'exec {shlex.quote(str(natives[0]))} "$@"'
    head = "#!/bin/sh\n# Written by scripts/setup_brownie.py of unwrapped-dao.\n"
    return {name: f"{head}{text}\n" for name, text in texts.items()}


def add_network(name: str) -> bool:
    """True if the network was added, False if Brownie knew it. Reading its list is seconds faster than starting it."""
    known = Path.home() / ".brownie" / "network-config.yaml"
    if known.is_file() and re.search(rf"^\s+id: {name}$", known.read_text(), re.MULTILINE):
        return False
    command, port = NETWORKS[name]
    brownie = str(Path(sys.prefix) / "bin" / "brownie")
    add = [brownie, "networks", "add", "development", name, f"cmd={command}", "host=http://127.0.0.1", f"port={port}"]
    done = subprocess.run(add, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode == 0 and "SUCCESS" in done.stdout:
        return True
    if "already exists" in done.stdout + done.stderr:
        return False
    raise SystemExit(f"error: Brownie did not accept the network {name}:\n{done.stdout}{done.stderr}")


def _brownie_folder() -> Path:
    found = importlib.util.find_spec("brownie")
    if found is None or found.origin is None:
        raise ToolMissing("eth-brownie is not installed in this environment; run `make setup-dev`")
    return Path(found.origin).parent


def _link_native_solc() -> None:
    SOLC_FOLDER.mkdir(parents=True, exist_ok=True)
    link = SOLC_FOLDER / f"solc-v{SOLC_VERSION}"
    link.unlink(missing_ok=True)
    link.symlink_to(solc().resolve())


def _write(path: Path, text: str, *, executable: bool = False) -> bool:
    if path.is_file() and path.read_text() == text:
        return False
    path.write_text(text)
    if executable:
        path.chmod(0o755)
    return True


if __name__ == "__main__":
    sys.exit(main())
