"""Commands whose transaction the chain does not mine: one sentence, a way on, and run again they send no second one."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.commands import run
from tests.e2e.chain_nodes import ETHER, ChainNode, block, blocks, running
from unwrapped_dao.chain.fees import GWEI

pytestmark = pytest.mark.long

DEPLOY = "collective deploy --name Slow --validators founder --custodian founder"
SENDERS = {
    "member join --as ana": "ana",
    "relayer submit join.json --as founder": "founder",
    "account fund buyer --tusd 5": "buyer",
}


class Desk:
    """One workspace on an Anvil."""

    def __init__(self, folder: Path, node: ChainNode) -> None:
        self.folder, self.node = folder, node

    def __call__(self, text: str, *, patient: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        waits = {} if patient else {"UNWRAPPED_MINED_WITHIN_S": "1"}
        environ = {"UNWRAPPED_PASSPHRASE": "only for this test", "UNWRAPPED_RPC": self.node.url, **waits, **environ}
        return run(text.split(), self.folder, **environ)

    def done(self, text: str) -> str:
        ended = self(text)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def address(self, name: str) -> str:
        return "0x" + json.loads((self.folder / f".unwrapped-dao/accounts/{name}.json").read_text())["address"]

    def counts(self, name: str) -> tuple[int, int]:
        """(mined, mined or waiting)."""
        ask = self.node.client().request
        mined, all_ = (ask("eth_getTransactionCount", [self.address(name), tag]) for tag in ("latest", "pending"))
        return int(mined, 16), int(all_, 16)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running("anvil") as node:
        desk = Desk(tmp_path_factory.mktemp("slow"), node)
        desk.done("account new founder ana ben buyer")
        for name in ("founder", "ana", "ben", "buyer"):
            node.client().request("anvil_setBalance", [desk.address(name), hex(10 * ETHER)])
        desk.done(DEPLOY)
        desk.done("member join --as ben --sign join.json")
        yield desk


@pytest.fixture(autouse=True)
def _nothing_is_mined(desk: Desk) -> Iterator[None]:
    client = desk.node.client()
    snapshot = client.request("evm_snapshot")
    client.request("evm_setAutomine", [False])
    yield
    client.request("anvil_dropAllTransactions")
    client.request("evm_setAutomine", [True])
    assert client.request("evm_revert", [snapshot])


def refused(ended: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert ended.returncode == 3 and ended.stdout == "", ended.stderr
    assert ended.stderr.count("error: ") == ended.stderr.count("hint: ") == 1
    assert sentence in ended.stderr


@pytest.mark.parametrize("text", SENDERS)
def test_run_again_it_sends_no_second_one_and_ends_when_the_first_is_mined(desk: Desk, text: str) -> None:
    before, _ = desk.counts(SENDERS[text])
    refused(desk(text, patient=False), "was sent, but not mined within 1 seconds")
    assert desk.counts(SENDERS[text]) == (before, before + 1)
    refused(desk(text, patient=False), "still waits to be mined; nothing new was sent")
    assert desk.counts(SENDERS[text]) == (before, before + 1)
    with blocks(desk.node, GWEI):
        desk.done(text)
    assert desk.counts(SENDERS[text]) == (before + 1, before + 1)


@contextmanager
def mined_once_it_is(desk: Desk, name: str, number: int) -> Iterator[None]:
    """A block as soon as the account's waiting transaction of this number is one to itself."""
    me, client, gone = desk.address(name), desk.node.client(), threading.Event()

    def mine() -> None:
        while not gone.wait(0.05):
            waiting = client.request("txpool_content")["pending"]
            sent = {who.lower(): found for who, found in waiting.items()}.get(me.lower(), {})
            if str(sent.get(str(number), {}).get("to")).lower() == me.lower():
                block(client, GWEI)
                return

    miner = threading.Thread(target=mine)
    miner.start()
    try:
        yield
    finally:
        gone.set()
        miner.join()


def test_what_waits_can_be_cancelled_and_done_again_for_a_higher_fee(desk: Desk) -> None:
    before, _ = desk.counts("ana")
    assert "No transaction of ana waits" in desk.done("account cancel ana")
    refused(desk("member join --as ana", patient=False), "was sent, but not mined")
    with mined_once_it_is(desk, "ana", before):
        told = json.loads(desk.done("account cancel ana --json"))
    assert (told["waited"], told["cancelled"], told["mined"]) == ([before], 1, 0)
    assert desk.counts("ana") == (before + 1, before + 1)
    with blocks(desk.node, GWEI):
        desk.done("member join --as ana")
    assert desk.counts("ana") == (before + 2, before + 2)


def test_cancelling_offers_no_more_than_the_ceiling(desk: Desk) -> None:
    client = desk.node.client()
    block(client, 40 * GWEI)
    refused(desk("member join --as ana", patient=False), "was sent, but not mined")
    ended = desk("account cancel ana", UNWRAPPED_MAX_FEE_GWEI="60")
    refused(ended, "replacing it takes more than the ceiling allows")
    assert desk.counts("ana")[0] + 1 == desk.counts("ana")[1]
