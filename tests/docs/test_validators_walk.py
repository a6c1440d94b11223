"""docs/validators.md, "On several machines, word by word": its commands as they stand there, by real processes.

Three fresh folders with a passphrase each; only addresses, keys, ports and the node's URL are put in.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address

from tests.doubles.chain_server import ChainServer, chain_server
from tests.e2e.chain_nodes import free_port
from tests.sdk.service.processes import canary_export
from unwrapped_dao.chain import deployments
from unwrapped_dao.cli.running import run
from unwrapped_dao.crypto.keystore import GETH_LIGHT_SCRYPT

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("validators-walk")]
PAGE = (Path(__file__).parents[2] / "docs" / "validators.md").read_text("utf-8")
PROGRAM = "from unwrapped_dao.cli import main; main()"


def _commands() -> list[tuple[str, list[str]]]:
    """(machine, arguments) in the order of the page."""
    section = PAGE.split("### On several machines, word by word")[1].split("### What to know")[0]
    lines = [line for block in re.findall(r"```console\n(.*?)```", section, re.S) for line in block.splitlines()]
    found = []
    for line in lines:
        machine, _, command = line.partition("$ unwrapped-dao ")
        found.append((machine, shlex.split(command)))
    return found


class Walk:
    """The machines, what is put into the commands, and the servers that run."""

    def __init__(self, folder: Path, chain: ChainServer) -> None:
        self.folder, self.chain = folder, chain
        self.ports = {"8420": free_port(), "8421": free_port(), "8430": free_port()}
        self.put = {"URL": chain.url}
        self.servers: list[subprocess.Popen[str]] = []

    def environ(self, machine: str) -> dict[str, str]:
        home = self.folder / machine
        home.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("UNWRAPPED_")}
        root = str(Path(__file__).parents[2])
        return kept | {
            "UNWRAPPED_PASSPHRASE": f"the passphrase of {machine}",
            "UNWRAPPED_WORKSPACE": str(home / "workspace"),
            "PYTHONPATH": root,
        }

    def filled(self, arguments: list[str]) -> list[str]:
        ready = [self.put.get(word, word) for word in arguments]
        for written, port in self.ports.items():
            ready = [word.replace(written, str(port)) for word in ready]
        return ready

    def run(self, machine: str, arguments: list[str]) -> str:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *self.filled(arguments)], env=self.environ(machine), check=False,
            cwd=self.folder / machine, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, (machine, arguments, done.stderr)
        return done.stdout

    def serve(self, machine: str, arguments: list[str]) -> str:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *self.filled(arguments)], env=self.environ(machine),
            cwd=self.folder / machine, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.servers.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert " answers on http://127.0.0.1:" in line, line + process.stderr.read()
        return line

    def end(self, process: subprocess.Popen[str]) -> None:
        self.servers.remove(process)
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(60) == 0
        finally:
            process.kill()


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    with chain_server() as chain:
        made = Walk(tmp_path, chain)
        try:
            yield made
        finally:
            for process in made.servers:
                process.kill()
                process.wait()


def _deploy(walk: Walk, validators: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The founder's part, told on other pages."""
    for name, value in walk.environ("founder").items():
        monkeypatch.setenv(name, value)
    node = ["--rpc", walk.chain.url]
    assert run(["account", "new", "founder", "custodian", *node]) == 0
    keyfiles = (walk.folder / "founder" / "workspace" / "accounts").glob("*.json")
    walk.chain.fund(*(to_checksum_address(f"0x{json.loads(file.read_text())['address']}") for file in keyfiles))
    named = ",".join(validators)
    assert (
        run(["collective", "deploy", "--name", "Walk", "--validators", named, "--custodian", "custodian", *node]) == 0
    )
    assert run(["custodian", "setup", *node]) == 0 and run(["pool", "open", *node]) == 0
    walk.put["0xGENESIS"] = deployments.load(walk.folder / "founder" / "workspace").genesis


@pytest.mark.timeout(600)  # fifteen programs one after the other, each opening real keyfiles
def test_the_page_word_by_word(walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = _commands()
    assert [machine for machine, _ in commands] == [*("one", "two") * 3, "one", "one", "two", "ana", "two"]
    said = [walk.run(machine, words) for machine, words in commands[:2]]
    addresses = [re.findall(r"0x[0-9a-fA-F]{40}", text)[0] for text in said]
    walk.put["0xADDRESS"] = addresses[1]
    walk.put["KEY"] = re.findall(r"members seal to ([0-9a-f]{64})", said[1])[0]
    assert not (walk.folder / "two" / "workspace" / "keys" / "fingerprint-key.json").exists()
    _deploy(walk, addresses, monkeypatch)
    for machine, words in commands[2:4]:
        walk.run(machine, words)
    told = [walk.run(*commands[4])]
    shutil.copy(walk.folder / "one" / "for-validator-2.key", walk.folder / "two")
    told.append(walk.run(*commands[5]))
    checks = {re.findall(r"check value (?:is )?([0-9a-f]{8})", text)[0] for text in (said[0], *told)}
    assert len(checks) == 1
    for machine, words in commands[6:9]:
        walk.serve(machine, words)

    (walk.folder / "ana").mkdir()
    place = walk.folder / "ana" / "workspace"
    walk.run("ana", ["account", "new", "--rpc", walk.chain.url])
    keyfile = json.loads((place / "accounts" / "member.json").read_text())
    walk.chain.fund(to_checksum_address(f"0x{keyfile['address']}"))
    walk.run("ana", ["collective", "verify", "0xGENESIS", "--rpc", "URL", "--save"])
    walk.put["EXPORT"] = str(canary_export(tmp_path, 0))
    assert "share points" in walk.run(*commands[9])

    walk.end(walk.servers[2])
    assert "has 1 entries" in (state := walk.run(*commands[10])) and "the host agrees" in state


def test_a_sealed_key_opens_for_nobody_else_and_replaces_no_other(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("unwrapped_dao.app.wiring.OWASP_SCRYPT", GETH_LIGHT_SCRYPT)
    node = ["--rpc", walk.chain.url]

    def at(machine: str, *words: str) -> tuple[int, str]:
        for name, value in walk.environ(machine).items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        return run([*words, *node]), capsys.readouterr().out

    said = {name: at(name, "validator", "setup", "validator-1", "--joining")[1] for name in ("two", "three")}
    said["one"] = at("one", "validator", "setup", "validator-1")[1]
    address = {name: re.findall(r"0x[0-9a-fA-F]{40}", text)[0] for name, text in said.items()}
    key = {name: re.findall(r"members seal to ([0-9a-f]{64})", text)[0] for name, text in said.items()}
    _deploy(walk, list(address.values()), monkeypatch)
    for name in said:
        assert at(name, "collective", "verify", walk.put["0xGENESIS"], "--save")[0] == 0

    file, other = str(walk.folder / "two.key"), str(walk.folder / "three.key")
    assert at("one", "validator", "share-key", address["two"], key["two"], "--output", file)[0] == 0
    take = ("validator", "take-key", file, "--as", "validator-1")
    assert [at(machine, *take)[0] for machine in ("three", "two", "two")] == [4, 0, 0]
    assert at("three", "validator", "setup", "validator-1")[0] == 0  # makes a key of its own
    assert at("one", "validator", "share-key", address["three"], key["three"], "--output", other)[0] == 0
    assert at("three", "validator", "take-key", other, "--as", "validator-1")[0] == 5
    for bad in (
        ("validator", "share-key", address["two"], "no key", "--output", str(walk.folder / "x")),
        ("validator", "share-key", address["two"], key["two"], "--output", other),
        ("validator", "take-key", str(walk.folder / "none"), "--as", "validator-1"),
    ):
        assert at("one", *bad)[0] == 2
    (walk.folder / "cut").write_bytes(Path(other).read_bytes()[:-1])
    assert at("three", "validator", "take-key", str(walk.folder / "cut"), "--as", "validator-1")[0] == 4
