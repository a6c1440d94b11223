"""docs/founders.md: its commands as they stand there, on nine workspaces and one node.

In one process with light keyfiles; `setup --wait` is told as the looks that it consists of, in turn.
What the servers of validators.md say is test_validators_walk's.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.doubles.chain_server import chain_server
from unwrapped_dao.chain import deployments
from unwrapped_dao.cli.running import run
from unwrapped_dao.crypto.keystore import GETH_LIGHT_SCRYPT

PAGE = (Path(__file__).parents[2] / "docs" / "founders.md").read_text("utf-8")
CUSTODIANS = [f"custodian-{n}" for n in range(1, 6)]
MACHINES = {"founder": ["founder"], "custodian": CUSTODIANS, "first": ["first"], "others": ["second", "third"]}
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("founders-walk")]


def _commands() -> list[tuple[str, list[str]]]:
    """(whose prompt, arguments) in the order of the page."""
    lines = [line for block in re.findall(r"```console\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
    return [(who, shlex.split(rest)) for who, _, rest in (line.partition("$ unwrapped-dao ") for line in lines)]


@pytest.mark.timeout(300)
def test_the_page_word_by_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("unwrapped_dao.app.wiring.OWASP_SCRYPT", GETH_LIGHT_SCRYPT)
    said: dict[str, str] = {}

    def at(machine: str, words: list[str], put: dict[str, str]) -> str:
        monkeypatch.setenv("UNWRAPPED_WORKSPACE", str(tmp_path / machine))
        monkeypatch.setenv("UNWRAPPED_PASSPHRASE", f"the passphrase of {machine}")
        filled = [",".join(put.get(part, part) for part in word.split(",")) for word in words]
        capsys.readouterr()
        code = run(filled)
        told = capsys.readouterr()
        assert code == 0, (machine, filled, told.out, told.err)
        return told.out

    with chain_server() as chain:
        monkeypatch.setenv("UNWRAPPED_RPC", chain.url)
        monkeypatch.chdir(tmp_path)
        address: dict[str, str] = {}
        put: dict[str, str] = {}
        sealed_to: dict[str, str] = {}
        for who, words in _commands():
            machines = MACHINES[who]
            match words[:2]:
                case ["account", "new"] | ["validator", "setup"]:
                    for machine in machines:
                        said[machine] = at(machine, words, put)
                        address[machine] = re.findall(r"0x[0-9a-fA-F]{40}", said[machine])[0]
                        if found := re.search(r"members seal to ([0-9a-f]{64})", said[machine]):
                            sealed_to[machine] = found[1]
                case ["account", "fund"]:  # this node has no accounts of its own to send from
                    chain.fund(*(address[m] for m in (CUSTODIANS if words[2] == "CUSTODIAN" else ["founder"])))
                case ["collective", "deploy"]:
                    put |= {f"C{n}": address[machine] for n, machine in enumerate(CUSTODIANS, 1)}
                    put |= {f"V{n}": address[machine] for n, machine in enumerate(("first", "second", "third"), 1)}
                    at("founder", words, put)
                    put["GENESIS"] = deployments.load(tmp_path / "founder").genesis
                case ["custodian", "setup"]:
                    assert words[2:] == ["--wait"]
                    for _ in range(12):
                        told = [at(machine, words[:2], put) for machine in machines]
                        if all("your share is kept" in text for text in told):
                            break
                    else:
                        pytest.fail("\n".join(told))
                case ["validator", "share-key"]:
                    for other in MACHINES["others"]:
                        here = {"ADDRESS": address[other], "KEY": sealed_to[other], "FILE": f"{other}.key"}
                        at("first", words, here)
                case ["validator", "take-key"]:
                    for other in machines:
                        at(other, words, {"FILE": f"{other}.key"})
                case _:
                    for machine in machines:
                        (tmp_path / machine).mkdir(exist_ok=True)
                        monkeypatch.chdir(tmp_path / machine)
                        said[machine] = at(machine, words, put)
                    monkeypatch.chdir(tmp_path)
        assert "1 pool: open" in said["founder"]
        verified = at("founder", ["collective", "verify"], put)
        assert f"{address['founder']} may" not in verified  # what the founder holds afterwards: nothing
