"""Gas of what people do, in whole transactions: compares with gas.json; `--update` writes it.

Everything is fixed: keys, nonces, random numbers, block times (one second a block), so a figure changes only when a
contract does. Each call stands in a second of its own: calls in one second share checkpoints, which would hide
22,000 gas.

What the lines mean:
  join, contribute   mean over 16 consecutive members (two words of eight lanes, four slots of checkpoints);
                     2 of 3 validators sign
  vote_first, vote_later   the first ballot of a proposal, and the next one
  offer_erc20, offer_eth   escrow and buyer-key check, not the first offer in that currency
  opt_out_first, opt_out   the first of eight neighbours in number, who pays their word of ordinals, and the next
  deliver_first      root alone, delivered and settled: first sale ever in a currency
  deliver_new_pool   the same in a currency that was used, first sale of the pool
  deliver_again      the same, another sale of the pool
  cover_node         one more node of a cover in the same call, hinted: (14 nodes - 6 nodes) / 8
  claim_first, claim_again   one pool, ERC-20: the first payment to this member, and the next
  claim_next_pool    what one more pool adds to a first claim
  sale_total         offer, propose, queue, execute and deliver of one more sale of a pool; ballots aside
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from eth_account import Account  # noqa: E402
from eth_account.signers.local import LocalAccount  # noqa: E402
from eth_utils.crypto import keccak  # noqa: E402

from tests.e2e.chain_nodes import ChainNode, running  # noqa: E402
from unwrapped_dao.chain import artifacts, eip712  # noqa: E402
from unwrapped_dao.chain.client import ChainClient  # noqa: E402
from unwrapped_dao.chain.collective import Collective  # noqa: E402
from unwrapped_dao.chain.contract import create  # noqa: E402
from unwrapped_dao.chain.deploy import GenesisParameters  # noqa: E402
from unwrapped_dao.chain.erc20 import ETH, Erc20  # noqa: E402
from unwrapped_dao.chain.governor import Action  # noqa: E402
from unwrapped_dao.chain.market import NodeDelivery, Offer  # noqa: E402
from unwrapped_dao.chain.outbox import Receipt  # noqa: E402
from unwrapped_dao.chain.profiles import DEV  # noqa: E402
from unwrapped_dao.chain.registry import NO_RECORD, Pool, Record, ScopeDefinition, join_attestations  # noqa: E402
from unwrapped_dao.crypto.bn254 import hash_hints  # noqa: E402
from unwrapped_dao.crypto.delivery import BuyerKey, combine_shares, make_share  # noqa: E402
from unwrapped_dao.crypto.keys import SecretScalar  # noqa: E402
from unwrapped_dao.crypto.vault import MemoryVault  # noqa: E402
from unwrapped_dao.kinds import scope as scope_by_name  # noqa: E402
from unwrapped_dao.roles.custodian import Custodian  # noqa: E402
from unwrapped_dao.roles.founder import Founder  # noqa: E402
from unwrapped_dao.roles.identity import committee_key, pool_identity, sale_identity  # noqa: E402
from unwrapped_dao.roles.relayer import Relayer  # noqa: E402

FILE = Path(__file__).with_name("gas.json")
PAGE = ROOT / "docs" / "gas.md"
NODES = {"ganache-shanghai": ("ganache", ("--chain.time", "2026-01-01T00:00:00Z", "--miner.timestampIncrement", "1"))}
SCOPE = "artist-preferences"
PURPOSE = "ai-training"
MEMBERS = 40
MEASURED = range(16, 32)
PRICE = 55_000 * 10**6
ETHER = 10**18
FAR_FUTURE = 2**40
HALF_ORDER = 2**255

# line: (must, what peers pay); the lines of shared experience: docs/gas.md tells the sources.
TARGETS: dict[str, tuple[int | None, str]] = {
    "join": (None, "OpenZeppelin votes, join alone: 180,000"),
    "contribute": (None, "Vana, register and prove: 977,706 to 1,763,942"),
    "join + contribute": (225_000, "the two above"),
    "vote_first": (85_000, "OpenZeppelin: 83,200"),
    "vote_later": (55_000, "OpenZeppelin: 66,100"),
    "offer_erc20": (270_000, "Ocean: 356,000 to 389,000 in 2 to 3 transactions, without escrow"),
    "offer_eth": (270_000, "the same"),
    "opt_out_first": (None, "none has it"),
    "opt_out": (60_000, "none has it"),
    "deliver_again": (270_000, "Vana: 444,615 for each member; Medusa: 251,922; FDE: 264,000"),
    "deliver_new_pool": (285_000, "the same"),
    "deliver_first": (330_000, "the same"),
    "cover_node": (31_000, "none has it"),
    "claim_first": (95_000, "Streamr: 130,241; 0xSplits: 65,117"),
    "claim_again": (60_000, "Streamr: 78,941"),
    "claim_next_pool": (None, "none has it"),
    "sale_total": (1_000_000, "Vana: 1,231,987, and no member is paid"),
}


class World:
    """A deployed collective whose every secret comes from one seed."""

    def __init__(self, client: ChainClient, funder: LocalAccount) -> None:
        self.client, self.funder = client, funder
        self._accounts = 0
        self.validators = sorted((self.account() for _ in range(3)), key=lambda a: int(a.address, 16))
        keeper, self.buyer = self.account(), self.account()
        token, _ = create(client, funder, artifacts.load("TestDollar"))
        self.dollar = Erc20(token)
        self.dollar.mint(funder, self.buyer.address, 100 * PRICE)
        definition = scope_by_name(SCOPE)
        parameters = GenesisParameters(
            name="Gas",
            validators=tuple(v.address for v in self.validators),
            attestations=2,
            custodians=(keeper.address,),
            threshold=1,
            scopes=(ScopeDefinition.of(definition),),
            currencies=(self.dollar.address, ETH),
            profile=DEV,
        )
        self.collective = Collective.at(client, Founder(client, funder).deploy(parameters))
        self.dollar.approve(self.buyer, self.collective.splitter.address, 100 * PRICE)
        self.custodian = Custodian(self.collective, keeper, vault := MemoryVault())
        generation = self.custodian.setup()
        self.secret: SecretScalar = vault.get(next(iter(vault._secrets)))
        self.public = committee_key(generation)
        self.relayer = Relayer(self.collective, funder)
        self.domain = eip712.read_domain(client, self.collective.registry.address)
        self.members = [self.account() for _ in range(MEMBERS)]
        self._nonce = 0

    def account(self) -> LocalAccount:
        self._accounts += 1
        made: LocalAccount = Account.from_key(keccak(text=f"gas benchmark account {self._accounts}"))
        self.client.send(self.funder, made.address, value=100 * ETHER)
        return made

    def open(self) -> Pool:
        week, heartbeat = self.custodian.heartbeat()
        return self.relayer.open_epoch(scope_by_name(SCOPE).scope_id, week, heartbeat)

    def contribute(self, member: LocalAccount, pool: Pool) -> Receipt:
        label = f"{member.address} {pool.epoch}"
        record = Record(1, 500, *(keccak(text=f"{part} {label}") for part in ("content", "fingerprint", "report")))
        expiry = self.client.now() + 86_400
        message = eip712.Contribution(
            member.address, pool.scope_id, pool.epoch, 1, record.content, 500, record.fingerprint, record.report, expiry
        )
        signed = [(v.address, eip712.sign(v, self.domain, message)) for v in self.validators[:2]]
        return self.collective.registry.contribute(
            member,
            member=member.address,
            scope_id=pool.scope_id,
            epoch=pool.epoch,
            record=record,
            live=NO_RECORD,
            expiry=expiry,
            attestations=join_attestations(signed),
        )

    def seal(self, pool: Pool) -> Pool:
        return self.relayer.seal(self.relayer.announce(pool))

    def offer(self, pool: Pool, currency: str) -> tuple[Offer, Receipt]:
        self._nonce += 1
        key = BuyerKey.of(SecretScalar.generate())
        offer = Offer(
            buyer=self.buyer.address,
            scope_id=pool.scope_id,
            epoch=pool.epoch,
            currency=currency,
            price=PRICE if currency != ETH else ETHER,
            purpose=scope_by_name(SCOPE).purpose_digests[PURPOSE],
            terms=keccak(text="terms"),
            min_eligible_weight=1,
            execute_before=FAR_FUTURE,
            listing_id=bytes(32),
            b1=key.B1.words,
            b2=key.B2.words,
            nonce=HALF_ORDER % 2**64 + self._nonce,
        )
        return offer, self.collective.market.offer(self.buyer, offer)

    def approve(self, offers: Sequence[Offer]) -> tuple[list[Receipt], list[Receipt]]:
        """Receipts of (propose, queue, execute), and of the ballots."""
        market, governor = self.collective.market, self.collective.governor
        calldata = market.approve_calldata([market.sale_id(offer) for offer in offers])
        action, description = Action(market.address, calldata), f"Approve {self._nonce}"
        taken: list[Receipt] = []
        with _recorded(self.client, taken):
            proposal = governor.proposal(governor.propose(self.members[0], [action], description))
        self.client.wait_until(proposal.vote_start + 1)
        ballots = [governor.vote(member, proposal.id, "for") for member in self.members[:10]]
        with _recorded(self.client, taken):
            self.relayer.execute(proposal)
        return taken, ballots

    def deliver(self, offer: Offer) -> Receipt:
        """Fix exclusions, then deliver the whole cover in one call."""
        market = self.collective.market
        sale_id = market.sale_id(offer)
        assert self.custodian.fix_exclusions(sale_id, offer)
        pool = self.collective.registry.pool(offer.scope_id, offer.epoch)
        identity, sale = pool_identity(self.collective, pool), sale_identity(self.collective, sale_id)
        buyer = BuyerKey(*_points(offer))
        nodes, hints = [], []
        for node in self.custodian.cover(sale_id, offer):
            share = make_share(1, self.secret, identity, node, sale, buyer)
            combined = combine_shares([share.verify(self.public, identity.node_id(node), buyer)], 1)
            nodes.append(NodeDelivery(node.height, node.index, combined.C1.words, combined.C2.words))
            hints += hash_hints(identity.node_id(node))
        self.delivered_nodes = len(nodes)
        return market.deliver(self.custodian._account, offer, nodes, hints)

    def claim(self, member: LocalAccount, *pools: Pool) -> Receipt:
        lines = [(pool.id, self.dollar.address) for pool in pools]
        return self.collective.splitter.claim(member, member.address, lines)[0]


def _points(offer: Offer):  # type: ignore[no-untyped-def]
    from unwrapped_dao.crypto.bn254 import G1Point, G2Point

    return G1Point.from_words(offer.b1), G2Point.from_words(offer.b2)


def _recorded(client: ChainClient, into: list[Receipt]):  # type: ignore[no-untyped-def]
    """Collect the receipts of everything that is sent meanwhile."""
    send = client.send

    def record(*args: object, **options: object) -> Receipt:
        receipt = send(*args, **options)  # type: ignore[arg-type]
        into.append(receipt)
        return receipt

    return patch.object(client, "send", record)


def measure(client: ChainClient, funder: LocalAccount) -> dict[str, int]:
    """Every line on one chain."""
    deployer: LocalAccount = Account.from_key(keccak(text="gas benchmark deployer"))
    client.send(funder, deployer.address, value=50_000 * ETHER)
    world = World(client, deployer)
    gas: dict[str, int] = {}
    joins = [world.collective.membership.join(member).gas_used for member in world.members]
    gas["join"] = _mean(joins[i] for i in MEASURED)
    first = world.open()
    contributed = [world.contribute(member, first).gas_used for member in world.members]
    gas["contribute"] = _mean(contributed[i] for i in MEASURED)
    first = world.seal(first)
    second = world.open()
    for member in world.members:
        world.contribute(member, second)
    second = world.seal(second)

    opening, _ = world.offer(first, world.dollar.address)
    in_ether, _ = world.offer(first, ETH)
    world.approve([opening])
    gas["deliver_first"] = world.deliver(opening).gas_used
    again, placed = world.offer(first, world.dollar.address)
    gas["offer_erc20"] = placed.gas_used
    _, placed = world.offer(first, ETH)
    gas["offer_eth"] = placed.gas_used
    steps, ballots = world.approve([again])
    gas["vote_first"], gas["vote_later"] = ballots[0].gas_used, ballots[1].gas_used
    gas["deliver_again"] = world.deliver(again).gas_used
    gas["sale_total"] = gas["offer_erc20"] + sum(step.gas_used for step in steps) + gas["deliver_again"]
    elsewhere, _ = world.offer(second, world.dollar.address)
    world.approve([elsewhere])
    gas["deliver_new_pool"] = world.deliver(elsewhere).gas_used

    one, two = world.members[20], world.members[21]
    gas["claim_first"] = world.claim(one, first).gas_used
    gas["claim_next_pool"] = world.claim(two, first, second).gas_used - gas["claim_first"]
    later, _ = world.offer(first, world.dollar.address)
    world.approve([later])
    world.deliver(later)
    gas["claim_again"] = world.claim(one, first).gas_used

    sizes = {}
    for leaves in ((0,), (0, 1, 8, 16, 24, 32)):
        sale, _ = world.offer(second, world.dollar.address)
        sale_id = world.collective.market.sale_id(sale)
        receipts = [world.collective.market.opt_out(world.members[leaf], sale_id) for leaf in leaves]
        gas["opt_out_first"] = receipts[0].gas_used
        if len(receipts) > 1:
            gas["opt_out"] = receipts[1].gas_used
        world.approve([sale])
        used = world.deliver(sale).gas_used
        sizes[world.delivered_nodes] = used
    (few, small), (many, large) = sorted(sizes.items())
    gas["cover_node"] = (large - small) // (many - few)
    assert in_ether.currency == ETH
    return {line: gas[line] for line in TARGETS if line in gas}


def _mean(values) -> int:  # type: ignore[no-untyped-def]
    found = list(values)
    return sum(found) // len(found)


def run() -> dict[str, dict[str, int]]:
    """Every line on every chain."""
    found = {}
    for name, (kind, options) in NODES.items():
        # The module `secrets` is where the package gets its randomness: fixed here, and here only.
        fixed = random.Random("gas benchmark")
        with (
            patch.object(secrets, "token_bytes", fixed.randbytes),
            patch.object(secrets, "randbelow", fixed.randrange),
            patch.object(secrets, "randbits", fixed.getrandbits),
            running(kind, *options) as node,
        ):
            found[name] = measure(*_client(node))
    return found


def _client(node: ChainNode) -> tuple[ChainClient, LocalAccount]:
    return node.client(), node.funded


def page(found: dict[str, dict[str, int]]) -> str:
    """docs/gas.md."""
    chains = list(found)
    lines = [
        "# What it costs",
        "",
        "Gas of whole transactions, measured by `make gas` on a local chain with fixed keys and times, and",
        "compared there with `benchmarks/gas.json` at every test run: a silent change fails. What each line means",
        "stands at the top of `benchmarks/gas.py`. *Must* is the figure this project set itself. The peers' figures",
        "were measured from their own sources, one run each on a local chain, and are quoted for comparison.",
        "",
        "| line | " + " | ".join(chains) + " | must | peers |",
        "|---|" + "---:|" * (len(chains) + 1) + "---|",
    ]
    for line, (must, peers) in TARGETS.items():
        figures = [sum(found[chain][part] for part in line.split(" + ")) for chain in chains]
        shown = " | ".join(f"{figure:,}" for figure in figures)
        lines.append(f"| {line} | {shown} | {f'{must:,}' if must else ''} | {peers} |")
    return "\n".join(lines) + "\n"


def compare(found: dict[str, dict[str, int]], committed: dict[str, dict[str, int]]) -> list[str]:
    """A line per difference, and per `must` that is not reached."""
    told = []
    for chain, lines in found.items():
        for line in sorted(lines.keys() | committed.get(chain, {}).keys()):
            old, new = committed.get(chain, {}).get(line), lines.get(line)
            if old != new:
                told.append(f"{chain} {line}: {old} committed, {new} measured")
    return told


def missed(found: dict[str, dict[str, int]]) -> list[str]:
    """The `must` lines that are not reached."""
    return [
        f"{chain} {line}: {figure:,}, must be {must:,} at most"
        for chain, lines in found.items()
        for line, (must, _) in TARGETS.items()
        if must is not None and (figure := sum(lines[part] for part in line.split(" + "))) > must
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write gas.json and docs/gas.md")
    found = run() if (options := parser.parse_args()) else {}
    if options.update:
        FILE.write_text(json.dumps(found, indent=2) + "\n")
        PAGE.write_text(page(found))
    committed = json.loads(FILE.read_text()) if FILE.is_file() else {}
    differences = compare(found, committed)
    if PAGE.read_text() != page(committed):
        differences.append("docs/gas.md does not say what gas.json says")
    print(page(found))
    for text in missed(found):
        print(f"above the line: {text}")
    for text in differences:
        print(f"changed: {text}", file=sys.stderr)
    if differences:
        print("Run `make gas UPDATE=1` if the change is meant, and commit both files.", file=sys.stderr)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
