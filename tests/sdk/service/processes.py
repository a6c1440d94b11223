"""Real processes around a collective: `validator serve` for three validators, `unwrapped-dao` for members, a chain."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from unittest import mock

from tests.doubles.chain_server import chain_server
from tests.sdk.kinds.exports_by_hand import CANARIES
from unwrapped_dao import samples
from unwrapped_dao.app import App, open_app
from unwrapped_dao.cli.running import run
from unwrapped_dao.crypto.keystore import GETH_LIGHT_SCRYPT
from unwrapped_dao.settings import load

ROOT = Path(__file__).parents[3]
PASSPHRASE = "only for this rehearsal"
NAMES = ("validator-1", "validator-2", "validator-3")
SEARCH = "CANARYsearch"
#: Kills itself at the place that the file named by KILL_AT names, once.
SERVE = """
import os, signal, sys
from pathlib import Path
from unwrapped_dao.service import answers, index_host
from unwrapped_dao.validation import submission

def dying(place, before):
    def wrapped(*given, **named):
        result = before(*given, **named)
        flag = Path(os.environ["KILL_AT"])
        if flag.is_file() and flag.read_text() == place:
            flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped

submission.Outcome.remember = dying("index written", submission.Outcome.remember)
answers.AnswerBook.keep = dying("answer kept", answers.AnswerBook.keep)
index_host.IndexHost.append = dying("log written", index_host.IndexHost.append)
from unwrapped_dao.cli import main
main(sys.argv[1:])
"""
PROGRAM = "from unwrapped_dao.cli import main; main()"


class Ended(NamedTuple):
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Served:
    """One running `validator serve`."""

    name: str
    process: subprocess.Popen[str]
    url: str
    kill_at: Path


@dataclass
class World:
    """`home` is the workspace of founder, custodian, buyer and validators; members have folders of their own."""

    chain: Chain
    home: Path
    folder: Path
    servers: dict[str, Served] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    """Everything that any process printed."""

    def home_run(self, *arguments: str) -> None:
        """In this process, which is fast."""
        code = run([*arguments, "--workspace", str(self.home), "--rpc", self.chain.url])
        assert code == 0, arguments

    @contextmanager
    def app(self) -> Iterator[App]:
        with open_app(load({"workspace": self.home, "rpc": self.chain.url})) as app:
            yield app

    def process(self, name: str, *arguments: str) -> Ended:
        """A command of a member, as a process of its own."""
        place = ["--workspace", str(self.folder / name), "--rpc", self.chain.url]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments, *place],
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        self.heard += [done.stdout, done.stderr]
        return Ended(done.returncode, done.stdout, done.stderr)

    def member(self, name: str, *arguments: str, **environ: str) -> Ended:
        """A command of a member in this process, which is faster."""
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.dict(os.environ, environ), redirect_stdout(out), redirect_stderr(err):
            code = run([*arguments, "--workspace", str(self.folder / name), "--rpc", self.chain.url])
        self.heard += [out.getvalue(), err.getvalue()]
        return Ended(code, out.getvalue(), err.getvalue())

    def serve(self, name: str, *options: str, home: Path | None = None) -> Served:
        arguments = ["validator", "serve", "--as", name, "--port", "0", "--sweep", "2", *options]
        return self._start(name, arguments, home or self.home)

    def serve_index(self, *options: str) -> Served:
        """The host of the index log, as a process of its own."""
        return self._start("index", ["validator", "serve-index", "--port", "0", *options], self.home)

    def _start(self, name: str, arguments: list[str], home: Path) -> Served:
        kill_at = self.folder / f"kill-{name}"
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, *arguments, "--workspace", str(home), "--rpc", self.chain.url],
            env=_environment(KILL_AT=str(kill_at)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        assert process.stderr is not None
        found = None
        while found is None:  # warnings come first
            line = process.stderr.readline()
            assert line, f"{arguments} ended: {self.heard[-3:]}"
            self.heard.append(line)
            found = re.search(r"answers on (http://[^;\s]+)", line)
        self.servers[name] = Served(name, process, found[1], kill_at)
        return self.servers[name]

    def end(self, name: str, number: int = signal.SIGTERM) -> int:
        """Its exit code."""
        process = self.servers.pop(name).process
        if process.poll() is None:
            process.send_signal(number)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        self.heard += [out, err]
        return process.returncode

    def urls(self, *names: str) -> list[str]:
        return ["--validators", ",".join(self.servers[name].url for name in names or NAMES)]

    def events(self, name: str) -> list[str]:
        with self.app() as app:
            log = app.workspace.service(app.accounts.address(name)) / "audit.jsonl"
        return [json.loads(line)["event"] for line in log.read_text().splitlines()]


def _environment(**more: str) -> dict[str, str]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("UNWRAPPED_")}
    return environ | {"PYTHONPATH": str(ROOT), "UNWRAPPED_PASSPHRASE": PASSPHRASE, **more}


class Chain(Protocol):
    """A running node that gives money away."""

    @property
    def url(self) -> str: ...

    def fund(self, *addresses: str) -> None: ...


@contextmanager
def world(folder: Path, members: tuple[str, ...], chain: Chain | None = None) -> Iterator[World]:
    """A deployed dev collective with an open pool, three validators 2-of-3 (not serving yet), and funded members."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, {"UNWRAPPED_PASSPHRASE": PASSPHRASE}))
        # Test keys guard nothing; each of many processes opens some.
        stack.enter_context(mock.patch("unwrapped_dao.app.wiring.OWASP_SCRYPT", GETH_LIGHT_SCRYPT))
        made = World(chain or stack.enter_context(chain_server()), folder / "home", folder)
        made.home_run("account", "new", "founder", "custodian", "buyer")
        made.home_run("validator", "setup")
        for name in members:
            assert run(["account", "new", "--workspace", str(folder / name), "--rpc", made.chain.url]) == 0
        addresses = []
        for place in (made.home, *(folder / name for name in members)):
            with open_app(load({"workspace": place, "rpc": made.chain.url})) as app:
                addresses += list(app.accounts.named())
        made.chain.fund(*addresses)
        named = ",".join(NAMES)
        made.home_run("collective", "deploy", "--name", "Rehearsal", "--validators", named, "--custodian", "custodian")
        made.home_run("custodian", "setup")
        made.home_run("pool", "open")
        for name in members:
            (folder / name / "collective.json").write_bytes((made.home / "collective.json").read_bytes())
        try:
            yield made
        finally:
            for name in list(made.servers):
                made.end(name, signal.SIGKILL)


def canary_export(folder: Path, number: int) -> Path:
    """A lifelike export whose every personal field, and every personal file, holds a canary."""
    exports = samples.exports(number + 1, seed=21, min_plays=400, max_plays=400, format="extended-zip")
    with exports, zipfile.ZipFile(exports[number].path) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    target = folder / f"CANARYname-{number}"
    for name, data in files.items():
        if Path(name).name.startswith("Streaming_History_Audio"):
            rows: list[dict[str, Any]] = json.loads(data)
            for row in rows:
                row.update({key: CANARIES[key] for key in ("ip_addr", "platform", "conn_country") if key in row})
                row.update(username="CANARYuser", user_agent_decrypted=CANARIES["user_agent_decrypted"])
            data = json.dumps(rows).encode()
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (target / "Userdata.json").write_text('{"username": "CANARYuser", "email": "CANARY@example.org"}')
    (target / "SearchQueries.json").write_text(json.dumps([{"searchQuery": SEARCH}]))
    return target
