"""Get and run a Kubo node for the tests: `python scripts/kubo.py build | path | run`.

An `ipfs` on PATH is preferred. Otherwise v0.39.0 is built from its Go module into the user's cache folder
(~/.cache/unwrapped-dao/kubo/v0.39.0), where every clone finds it; that takes some minutes once. Built inside the
module's own folder rather than by `go install`, so that its go.sum and its `exclude` directives hold (from 0.40 on
`go install` refuses those); and with Go 1.25, as a dependency of 0.39 does not know Go 1.26.

A node for tests is offline, has no peers, listens on free ports of 127.0.0.1 only, and ends with the
process that started it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

VERSION = "v0.39.0"
GO_TOOLCHAIN = "go1.25.5"
CACHE_HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CACHED = CACHE_HOME / "unwrapped-dao" / "kubo" / VERSION / "ipfs"
BUILD_TIMEOUT_S = 1800
START_TIMEOUT_S = 60

# Prints the node's process id. `cat` ends when the starting process does, however it does; then the node is ended.
_WATCHED = '"$@" >"$IPFS_PATH/daemon.log" 2>&1 & echo $!; cat >/dev/null; kill $! 2>/dev/null; wait $!'


class KuboMissingError(Exception):
    """There is no Kubo, and it cannot be built here; says why and what to install."""


@dataclass(frozen=True, slots=True)
class KuboNode:
    """A running node: addresses of its RPC and its gateway, its repository, its process id."""

    rpc_url: str
    gateway_url: str
    repository: Path
    pid: int


def find() -> Path | None:
    """An `ipfs` on PATH that runs, else the one built before, else None."""
    on_path = shutil.which("ipfs")
    for candidate in (Path(on_path) if on_path else None, CACHED):
        if candidate is not None and candidate.is_file() and _runs(candidate):
            return candidate
    return None


def obtain() -> Path:
    """`find`, or build. Raises KuboMissingError with the reason."""
    return find() or build()


def build() -> Path:
    """Build VERSION into CACHED; an interrupted build leaves no half binary."""
    go = shutil.which("go")
    if go is None:
        raise KuboMissingError("neither `ipfs` nor `go` is on PATH: install Kubo, or Go 1.21 or later to build it")
    print(f"Building Kubo {VERSION} with Go; this takes some minutes, once ...", file=sys.stderr, flush=True)
    started = time.monotonic()
    environment = os.environ | {"GOTOOLCHAIN": _toolchain(go), "GOFLAGS": "", "GOWORK": "off"}
    with tempfile.TemporaryDirectory() as empty:  # not inside anybody's module
        listed = _go([go, "mod", "download", "-json", f"github.com/ipfs/kubo@{VERSION}"], Path(empty), environment)
    source = Path(json.loads(listed)["Dir"])
    CACHED.parent.mkdir(parents=True, exist_ok=True)
    fresh = CACHED.with_name(f"ipfs-{os.getpid()}")
    try:
        command = [go, "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags=-s -w"]
        _go([*command, "-o", str(fresh), "./cmd/ipfs"], source, environment)
        fresh.replace(CACHED)
    finally:
        fresh.unlink(missing_ok=True)
    if not _runs(CACHED):
        raise KuboMissingError(f"the Kubo built at {CACHED} does not run")
    print(f"Built {CACHED} in {time.monotonic() - started:.0f} s.", file=sys.stderr)
    return CACHED


@contextmanager
def running(ipfs: Path, folder: Path) -> Iterator[KuboNode]:
    """A node on a repository in `folder` (made if there is none), ready to be asked.

    Ended, with its children, on leaving.
    """
    repository = folder / "repository"
    environment = os.environ | {"IPFS_PATH": str(repository), "IPFS_TELEMETRY": "off"}
    if not (repository / "config").exists():
        repository.mkdir(parents=True, exist_ok=True)
        _ipfs(ipfs, environment, "init", "--empty-repo", "--profile=test")  # no bootstrap, no MDNS, 127.0.0.1 only
        for key, value in (
            ("Routing.Type", '"none"'),
            ("Addresses.Swarm", "[]"),
            ("AutoConf.Enabled", "false"),
            ("Version.SwarmCheckEnabled", "false"),
            ("Gateway.NoFetch", "true"),
        ):
            _ipfs(ipfs, environment, "config", "--json", key, value)
    for stale in ("api", "gateway", "daemon.log"):  # what tells that a node is ready must be this one's
        (repository / stale).unlink(missing_ok=True)
    watcher = subprocess.Popen(
        ["sh", "-c", _WATCHED, "sh", str(ipfs), "daemon", "--offline"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert watcher.stdin is not None and watcher.stdout is not None
        pid = int(watcher.stdout.readline())
        yield KuboNode(_when_ready(repository, "api", pid), _when_ready(repository, "gateway", pid), repository, pid)
    finally:
        with suppress(OSError):
            watcher.stdin.close()  # type: ignore[union-attr]  # it was asked for
        try:
            watcher.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(watcher.pid, signal.SIGKILL)
            watcher.wait()
        watcher.stdout.close()  # type: ignore[union-attr]


def _when_ready(repository: Path, name: str, pid: int) -> str:
    """The URL the node wrote into its repository once it listens."""
    deadline = time.monotonic() + START_TIMEOUT_S
    log = repository / "daemon.log"
    while time.monotonic() < deadline:
        if log.exists() and "Daemon is ready" in log.read_text(errors="replace"):
            address = (repository / name).read_text().strip()
            if found := re.search(r"127\.0\.0\.1(?:/tcp/|:)(\d+)", address):
                return f"http://127.0.0.1:{found[1]}"
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    raise KuboMissingError(f"Kubo did not start: {log.read_text(errors='replace')[-2000:]}")


def _toolchain(go: str) -> str:
    """Go 1.25 as it is, and anything else by way of GO_TOOLCHAIN, which `go` fetches and checks itself."""
    answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60)
    return "local" if answer.stdout.strip().startswith("go1.25") else GO_TOOLCHAIN


def _go(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, timeout=BUILD_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise KuboMissingError(f"`{' '.join(command[:3])}` took more than {BUILD_TIMEOUT_S} s") from None
    if done.returncode:
        raise KuboMissingError(f"`{' '.join(command[:3])}` failed: {done.stdout[-500:] or 'see above'}")
    return done.stdout


def _ipfs(ipfs: Path, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([ipfs, *arguments], env=environment, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise KuboMissingError(f"`ipfs {' '.join(arguments)}` failed: {done.stderr[-500:]}")
    return done.stdout


def _runs(ipfs: Path) -> bool:
    try:
        return subprocess.run([ipfs, "version", "--number"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main(arguments: list[str]) -> int:
    verb = arguments[0] if arguments else ""
    try:
        if verb == "build":
            print(obtain())
        elif verb == "path":
            found = find()
            if found is None:
                raise KuboMissingError("there is no Kubo yet; `make kubo` gets one")
            print(found)
        elif verb == "run":
            with tempfile.TemporaryDirectory() as folder, running(obtain(), Path(folder)) as node:
                print(f"IPFS={node.rpc_url}\ngateway {node.gateway_url}\nEnd it with Ctrl-C.", flush=True)
                with suppress(KeyboardInterrupt):
                    signal.pause()
        else:
            print(__doc__)
            return 2
    except KuboMissingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
