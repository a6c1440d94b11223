"""A custodian as a real process, killed around every transaction it ever sends: from forming the key to the delivery.

Each of its transactions ends it once: in turn before the node has it, and once it is mined and before the answer. Three
custodians with threshold 2 need all three READYs, so that nothing goes on without it. One transaction meets SIGTERM
instead, while it waits to be mined: that ends the process at once and in order, and sends nothing twice either.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes

from tests.doubles.rpc_node import Hangup, RpcNode, rpc_node
from unwrapped_dao import samples
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain.committee import GenerationState
from unwrapped_dao.chain.market import SaleState
from unwrapped_dao.chain.profiles import DEV
from unwrapped_dao.crypto import keystore
from unwrapped_dao.crypto.keystore import GETH_LIGHT_SCRYPT

pytestmark = pytest.mark.long

PASSPHRASE = "only for this test"
SCOPE, MEMBERS = "artist-preferences", 4
PATIENT = DEV.model_copy(update={"delivery_window": 2_400, "dkg_phase": 3_600})
LIMIT_S = 250
ENDED_IN_ORDER = 3
"""The number of the transaction that meets SIGTERM."""
AT_ONCE_S = 30
"""Less than the 45 s that a transaction is waited for."""


@dataclass
class Killer:
    """The node's vice: ends the daemon around each of its transactions. `met` counts sendings by transaction number.

    `asked_to_end` is the process that got SIGTERM, and has no receipt of what it waits for.
    """

    address: str
    process: subprocess.Popen[str] | None = None
    met: Counter[int] = field(default_factory=Counter)
    kills: int = 0
    asked_to_end: subprocess.Popen[str] | None = None
    asked_at: float = 0

    def __call__(self, node: RpcNode, method: str, params: list[Any]) -> Any:
        if method == "eth_getTransactionReceipt" and self.process is self.asked_to_end is not None:
            return None
        if method != "eth_sendRawTransaction" or Account.recover_transaction(params[0]) != self.address:
            return node.honest(method, params)
        number = TypedTransaction.from_bytes(HexBytes(params[0])).as_dict()["nonce"]
        self.met[number] += 1
        first = self.met[number] == 1
        if first and number == ENDED_IN_ORDER:
            answer = node.honest(method, params)
            assert self.process is not None
            self.asked_to_end, self.asked_at = self.process, time.monotonic()
            self.process.terminate()
            self.kills += 1
            return answer
        # Every other one is killed before the node has it, the rest once it is mined, before the answer.
        if first and number % 2 == 0:
            self.kill()
            raise Hangup
        answer = node.honest(method, params)
        if first:
            self.kill()
            raise Hangup
        return answer

    def kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.kills += 1


@dataclass
class Daemon:
    """`unwrapped-dao custodian run` in a workspace of its own, started again whenever it died."""

    workspace: Path
    url: str
    killer: Killer
    starts: int = 0

    def keep_alive(self) -> None:
        process = self.killer.process
        if process is not None and process.poll() is None:
            return
        if process is not None and process is self.killer.asked_to_end:
            assert process.returncode == 0, self.said()
            assert time.monotonic() - self.killer.asked_at < AT_ONCE_S
        elif process is not None:
            assert process.returncode == -signal.SIGKILL, self.said()
        self.starts += 1
        log = (self.workspace / f"log-{self.starts}").open("w")
        program = "from unwrapped_dao.cli import main; main()"
        where = ("--rpc", self.url, "--workspace", str(self.workspace))
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
        self.killer.process = subprocess.Popen(
            [sys.executable, "-c", program, "custodian", "run", "--json", "--every", "0.5", *where],
            env=environment | {"UNWRAPPED_PASSPHRASE": PASSPHRASE, "UNWRAPPED_FINALITY": "finalized"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def said(self) -> str:
        return "\n".join(p.read_text() for p in sorted(self.workspace.glob("log-*"), key=lambda p: p.stat().st_mtime))


@pytest.fixture
def node() -> Iterator[RpcNode]:
    with rpc_node(lag=2) as found:
        yield found


def with_the_daemon(dao: LocalCollective, node: RpcNode, daemon: Daemon, until: Any, others: Any) -> None:
    """Blocks are mined, the others act, the daemon lives and dies, until it is done."""
    deadline = time.monotonic() + LIMIT_S
    while not until():
        assert time.monotonic() < deadline, daemon.said()
        daemon.keep_alive()
        others()
        node.client().request("evm_increaseTime", [4])
        node.mine()
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_a_custodian_killed_around_every_transaction_forms_the_key_and_serves_a_sale_once(
    node: RpcNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def form(dao: LocalCollective) -> None:
        """The first custodian is the process; the other two are played here."""
        keeper = dao.keepers[0]
        key = tmp_path / "accounts" / "custodian.json"
        address = keeper.address[2:].lower()
        keystore.save(key, bytes(keeper.key), PASSPHRASE, kind="account", address=address, cost=GETH_LIGHT_SCRYPT)
        dao.collective.deployment.save(tmp_path)
        killer = Killer(keeper.address)
        daemon = seen["daemon"] = Daemon(tmp_path, node.url, killer)
        node.vice = killer
        with_the_daemon(
            dao,
            node,
            daemon,
            lambda: dao.collective.committee.generation(1).state is GenerationState.ACTIVE,
            lambda: [other.setup(eager=False) for other in dao.custodians[1:]],
        )
        dao.form_rest()

    monkeypatch.setattr(LocalCollective, "form", form)
    monkeypatch.setattr(
        LocalCollective, "form_rest", lambda dao: [other.setup() for other in dao.custodians[1:]], raising=False
    )
    # Who asks for the sign of life: beside its own part stands that of the second.
    monkeypatch.setattr(LocalCollective, "custodian", property(lambda dao: dao.custodians[2]))
    world = local(members=MEMBERS, committee=(2, 3), node=(node.client(), node.faucet), profile=PATIENT)
    try:
        with world as dao, samples.exports(MEMBERS, seed=3, min_plays=5_000, max_plays=5_000) as exports:
            serve_a_sale(dao, node, seen["daemon"], list(exports))
            everything_happened_once(dao, seen["daemon"])
            events = ended_by_sigterm(seen["daemon"])
            assert (events[0], events[-1]) == ("started", "stopped")
    finally:
        if "daemon" in seen and seen["daemon"].killer.process is not None:
            seen["daemon"].killer.process.kill()


def ended_by_sigterm(daemon: Daemon) -> list[str]:
    """Told to end: the events of its last life."""
    daemon.keep_alive()
    process, log = daemon.killer.process, daemon.workspace / f"log-{daemon.starts}"
    assert process is not None
    while "started" not in log.read_text():
        assert process.poll() is None, daemon.said()
        time.sleep(0.1)
    process.terminate()
    assert process.wait(60) == 0, daemon.said()
    lines = log.read_text().splitlines()  # of stdout, and of talk on stderr
    return [json.loads(line)["event"] for line in lines if line.startswith("{")]


def serve_a_sale(dao: LocalCollective, node: RpcNode, daemon: Daemon, exports: list[Any]) -> None:
    for member, export in zip(dao.members, exports, strict=True):
        member.contribute(member.preview(export, scope=SCOPE))
    offer = dao.buyer.offer(dao.seal(SCOPE), price=1_000_000, purpose="ai-training")
    proposal = dao.members[0].propose(offer)
    dao.members[1].opt_out(offer)
    for member in dao.members:
        member.vote(proposal, "for")
    dao.relayer.execute(dao.collective.governor.proposal(proposal))
    for other in dao.custodians[1:]:  # they say READY and post; fixing and delivering are left to the process
        other._serving._fix = other._serving._deliver = lambda *_: []  # type: ignore[assignment, method-assign]
    sale_id = dao.collective.market.sale_id(offer)
    with_the_daemon(
        dao,
        node,
        daemon,
        lambda: dao.collective.market.sale(sale_id).state is SaleState.SETTLED,
        lambda: [other.run_once(eager=False) for other in dao.custodians[1:]],
    )


def everything_happened_once(dao: LocalCollective, daemon: Daemon) -> None:
    committee, market = dao.collective.committee, dao.collective.market
    (sale_id,) = market.offers()
    numbers = set(daemon.killer.met)
    assert daemon.killer.kills == len(numbers) >= 8, daemon.killer.met
    # Nothing took a second number: what was killed was sent again, not made again.
    assert numbers == set(range(len(numbers)))
    assert [r.index for r in committee.readies(1, sale_id)].count(1) == 1
    posts = [p for p in committee.posted_shares(1, sale_id) if p.index == 1]
    assert sorted(n for p in posts for n in range(p.first_node, p.first_node + len(p.c1))) == [0, 1]
    assert [(d.height, d.index) for d in market.deliveries(sale_id)] == [(0, 0), (1, 1)]
    assert PASSPHRASE not in daemon.said()
    assert {path.stat().st_mode & 0o077 for path in (daemon.workspace / "keys").iterdir()} == {0}
