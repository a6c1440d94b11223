"""`unwrapped-dao doctor` on a custodian's machine: each thing that is broken is one sentence with advice."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.rpc_node import RpcNode, rpc_node
from tests.sdk.cli.desk import PASSPHRASE, cheap
from unwrapped_dao.cli.running import run
from unwrapped_dao.crypto import keystore
from unwrapped_dao.crypto.keys import SecretScalar


@pytest.fixture(scope="module")
def node() -> Iterator[RpcNode]:
    with rpc_node() as found:
        yield found


@pytest.fixture(scope="module")
def formed(node: RpcNode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A custodian's workspace on a node, in order."""
    folder = tmp_path_factory.mktemp("keeper") / "workspace"
    where = ["--workspace", str(folder), "--rpc", node.url]
    with pytest.MonkeyPatch.context() as patch:
        cheap(patch)
        assert run(["account", "new", "custodian", *where]) == 0
        node.client().send(node.faucet, address_in(folder), value=10**18)
        deploy = "collective deploy --name One --validators custodian --custodian custodian --as custodian"
        for line in (deploy, "custodian setup"):
            assert run([*line.split(), *where]) == 0
    return folder


def address_in(folder: Path) -> str:
    return "0x" + json.loads((folder / "accounts" / "custodian.json").read_text())["address"]


Doctor = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def workspace(formed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(formed, tmp_path / "copy"))


@pytest.fixture
def doctor(
    node: RpcNode, workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Doctor]:
    """What is wrong."""
    cheap(monkeypatch)

    def looked(rpc: str = node.url) -> list[dict[str, Any]]:
        capsys.readouterr()
        code = run(["doctor", "--json", "--workspace", str(workspace), "--rpc", rpc])
        out, err = capsys.readouterr()
        assert err == "" and PASSPHRASE not in out
        wrong = [check for check in json.loads(out)["checks"] if check["needed"] and not check["ok"]]
        assert code == (1 if wrong else 0)
        for check in wrong:
            assert check["told"].endswith(".") and check["hint"].endswith(".")
        return wrong

    yield looked
    node.vice = None


def only(wrong: list[dict[str, Any]], name: str, told: str, hint: str) -> None:
    (check,) = wrong
    assert check["name"] == name
    assert told in check["told"], check
    assert hint in check["hint"], check


def test_what_is_in_order_is_said_to_be(doctor: Doctor) -> None:
    assert doctor() == []


def test_a_wrong_passphrase(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNWRAPPED_PASSPHRASE", "another one")
    only(doctor(), "share", "passphrase does not open", "Try the passphrase again")


def test_no_passphrase_is_no_fault(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNWRAPPED_PASSPHRASE")
    assert doctor() == []


def test_the_share_of_another_generation(doctor: Doctor, workspace: Path) -> None:
    (file,) = (workspace / "keys").glob("custodian-*")
    file.unlink()
    keystore.save(file, SecretScalar.generate(), PASSPHRASE, kind="custodian-key")
    only(doctor(), "share", "is not that of committee key 1", "Restore the right backup")


def test_a_lost_share(doctor: Doctor, workspace: Path) -> None:
    for file in (workspace / "keys").iterdir():
        file.unlink()
    only(doctor(), "share", "share of key 1 (1-of-1) is NOT here", "a resharing gives a new share")


def test_a_share_that_others_can_read(doctor: Doctor, workspace: Path) -> None:
    (file,) = (workspace / "keys").glob("custodian-*")
    file.chmod(0o644)
    only(doctor(), "share", "can be read by others", f"chmod 600 {file}")


def test_an_account_without_gas_money(doctor: Doctor, node: RpcNode) -> None:
    def poor(at: RpcNode, method: str, params: list[Any]) -> Any:
        return "0x5af3107a4000" if method == "eth_getBalance" else at.honest(method, params)

    node.vice = poor
    only(doctor(), "gas money", "has 0.0001 ETH, too little to serve one sale", "Send at least")


def test_another_chain(doctor: Doctor, node: RpcNode) -> None:
    def other(at: RpcNode, method: str, params: list[Any]) -> Any:
        return hex(5) if method == "eth_chainId" else at.honest(method, params)

    node.vice = other
    only(doctor(), "collective", "the node is chain 5", "Give the --rpc of its chain")


def test_nobody_at_the_rpc_and_people_read_the_same(
    doctor: Doctor, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://127.0.0.1:9/key"
    wrong = doctor(url)
    only(wrong, "chain", "http://127.0.0.1:9 does not answer", "Check that the node is running")
    assert run(["doctor", "--workspace", str(workspace), "--rpc", url]) == 1
    told, err = capsys.readouterr()
    assert f"NO  chain: {wrong[0]['told']}\n      {wrong[0]['hint']}\n" in told
    assert "1 of them have to be put right." in told and err == "" and "/key" not in told


@pytest.mark.parametrize(
    ("ahead_s", "told", "hint"),
    [(900, "This machine's clock is 8", "by NTP"), (-3_600, "newest block is 36", "compare both")],
    ids=["this clock is slow", "the node is behind"],
)
def test_clocks_that_differ(doctor: Doctor, node: RpcNode, ahead_s: int, told: str, hint: str) -> None:
    now = int(time.time()) - 10

    def skewed(at: RpcNode, method: str, params: list[Any]) -> Any:
        if method == "web3_clientVersion":
            return "Somebody/v1"  # a node whose clock is the world's
        found = at.honest(method, params)
        return found | {"timestamp": hex(now + ahead_s)} if method == "eth_getBlockByNumber" and found else found

    node.vice = skewed
    only(doctor(), "clock", told, hint)


def test_a_disk_that_takes_nothing(doctor: Doctor, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.e2e.test_full_disk import CLONE_NEWNS, MS_PRIVATE_REC, _libc

    child = os.fork()
    if child == 0:
        code = 99
        try:
            _libc("unshare", CLONE_NEWNS)
            _libc("mount", None, b"/", None, MS_PRIVATE_REC, None)
            path = bytes(workspace)
            _libc("mount", path, path, None, 0x1000, None)  # MS_BIND
            _libc("mount", path, path, None, 0x1000 | 0x20 | 0x1, None)  # and once more, MS_REMOUNT | MS_RDONLY
            only(doctor(), "workspace", "cannot be written to: Read-only file system", "may write to")
            code = 0
        except PermissionError:
            code = 77
        except OSError as problem:
            code = 77 if problem.errno == 1 else 98
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 77:
        pytest.skip("this system lets nobody mount in a namespace of its own (needs CAP_SYS_ADMIN)")
    assert code == 0
