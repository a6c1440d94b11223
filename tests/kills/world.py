"""What a workspace and its chain hold, in words that do not depend on chance: names and counts, no keys and hashes.

Two worlds are equal when nothing was paid, contributed, minted or published more often in one than in the other, and
nothing was lost or left over.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.forked import forked

World = dict[str, Any]
WORKSPACE = ".unwrapped-dao"


def look(folder: Path) -> World:
    """The world of a workspace, read in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="world-") as name:
        answer = Path(name) / "world.json"

        def told() -> None:
            from tests.kills.commands import import_everything

            import_everything()
            answer.write_text(json.dumps(_world(folder), sort_keys=True))

        assert forked(told) == 0, "the world could not be read"
        world: World = json.loads(answer.read_text())
        return world


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two worlds differ, told for people."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other})
        return [d for key in keys for d in differences(one.get(key), other.get(key), f"{where}/{key}")]
    return [] if one == other else [f"{where}: {one!r} is not {other!r}"]


def _world(folder: Path) -> World:
    from unwrapped_dao.chain import deployments
    from unwrapped_dao.chain.client import ChainClient
    from unwrapped_dao.chain.collective import Collective
    from unwrapped_dao.chain.local import LocalChain

    workspace = folder / WORKSPACE
    world: World = {"other files": _other_files(folder), "workspace": _files(workspace)}
    if not LocalChain.exists(workspace):
        return world
    names = _names(workspace)
    with LocalChain.open(workspace) as chain:
        client = ChainClient(chain)
        names[chain.faucet.address.lower()] = "faucet"
        collective = None
        if (workspace / deployments.FILE).is_file():
            collective = Collective.at(client, deployments.load(workspace))
        world["transactions"] = _transactions(chain, names, collective)
        if collective is not None:
            world |= read_collective(collective, names)
            world |= _kept(workspace, collective, names)
    return world


def _names(workspace: Path) -> dict[str, str]:
    """Account name by address, in small letters."""
    found = {}
    for path in (workspace / "accounts").glob("*.json"):
        found["0x" + json.loads(path.read_text())["address"].lower()] = path.stem
    return found


def _transactions(chain: Any, names: dict[str, str], collective: Any) -> dict[str, int]:
    """How often each account called each function, and how that went."""
    from unwrapped_dao.chain import artifacts

    rows = chain._store._connection.execute("SELECT body, receipt FROM transactions").fetchall()
    contracts = {a.lower(): n for n, a in collective.deployment.addresses.items()} if collective else {}
    found: Counter[str] = Counter()
    for body, receipt in ((json.loads(b), json.loads(r)) for b, r in rows):
        to, data = body["to"], bytes.fromhex(body["input"][2:])
        what = "create" if to is None else "send ether" if not data else "call"
        if data and to is not None:
            for name in [contracts[to.lower()]] if to.lower() in contracts else ["Genesis", "TestDollar"]:
                decoded = artifacts.abi(name).decode_call(data)
                if decoded is not None:
                    what = f"{name}.{decoded[0]}"
                    break
        refused = "" if int(receipt["status"], 16) else " (refused)"
        found[f"{names.get(body['from'].lower(), body['from'])}: {what}{refused}"] += 1
    return dict(found)


def read_collective(collective: Any, names: dict[str, str]) -> World:
    """Members, pools, sales, votes and money of a collective."""
    from unwrapped_dao.chain.erc20 import ETH, Erc20

    registry, splitter, market, governor = (
        collective.registry,
        collective.splitter,
        collective.market,
        collective.governor,
    )
    members = collective.membership.members_ever()
    found: World = {"members": [], "pools": [], "sales": [], "proposals": [], "money": {}}
    for number in range(members):
        address = collective.membership.address_of(number)
        member = collective.membership.member(address)
        payout = names.get(collective.membership.payout_of(address).lower())
        found["members"].append([names.get(address.lower()), member.live, member.has_left, payout])
    for pool in registry.pools():
        live = registry.contributions(pool)
        found["pools"].append(
            {
                "state": pool.state.name,
                "members": pool.members,
                "contributions": [[names.get(c.member.lower()), c.record.version, c.record.weight] for c in live],
                "withdrawals": sorted(registry.withdrawn_leaves(pool).items()),
            }
        )
    for sale_id, offer in market.offers().items():
        sale = market.sale(sale_id)
        found["sales"].append(
            {
                "price": offer.price,
                "state": sale.state.name,
                "escrow": splitter.escrow_of(sale_id),
                "opt outs": [[names.get(o.member.lower()), o.ordinal] for o in market.opt_outs(sale_id)],
                "delivered": sale.cursor,
                "nodes": len(market.deliveries(sale_id)),
            }
        )
    for proposal in governor.proposals():
        tally = governor.tally(proposal.id)
        votes = [tally.in_favour, tally.against, tally.abstain]
        found["proposals"].append([governor.state(proposal.id).name, votes])
    for currency in splitter.currencies():
        money = {
            "splitter": collective.client.balance(splitter.address),
            "ledger": splitter.ledger(currency, members),
            "treasury": splitter.treasury_of(currency),
            "credits": {name: splitter.credit_of(address, currency) for address, name in names.items()},
            "due": {
                name: [splitter.claimable(address, pool.id, currency) for pool in registry.pools()]
                for address, name in names.items()
                if collective.membership.member(address) is not None
            },
        }
        if currency != ETH:
            token = Erc20.at(collective.client, currency)
            money["splitter"] = token.balance_of(splitter.address)
            money["balances"] = {name: token.balance_of(address) for address, name in names.items()}
            money["allowances"] = {n: token.allowance(address, splitter.address) for address, n in names.items()}
        # Nobody can be paid from money that is not there.
        assert money["splitter"] >= money["ledger"], money
        found["money"]["ETH" if currency == ETH else "tUSD"] = money
    return found


def _kept(workspace: Path, collective: Any, names: dict[str, str]) -> World:
    """What storage holds, compared with what the chain says belongs there."""
    from unwrapped_dao.storage.blockstore import BlockStore
    from unwrapped_dao.storage.pending import PendingEnvelopes
    from unwrapped_dao.storage.pinning import check
    from unwrapped_dao.storage.reader import resolve

    live = {
        contribution.record.content: names[contribution.member.lower()]
        for pool in collective.registry.pools()
        for contribution in collective.registry.contributions(pool)
    }
    found: World = {"envelopes": {}, "validation": {}}
    published = (workspace / "store").is_dir()
    for sort in ("envelopes", "validation"):
        for folder in sorted((workspace / sort).glob("*")):
            kept = [live.get(content, "not live") for content in PendingEnvelopes(folder).contents()]
            # A validator cannot know what became of an attestation until the pool is sealed.
            undecided = sort == "validation" and not published
            found[sort][names[folder.name]] = sorted(k for k in kept if not undecided or k != "not live")
    receipts = {path.stem for path in workspace.glob("receipts/*/*.json")}
    found["receipts"] = sorted(name for content, name in live.items() if f"consent-{content.hex()}" in receipts)
    if published:
        store = BlockStore(workspace / "store")
        pins = store.pins()
        cids = [resolve(store, content) for content in live]
        found["pinned"] = sorted(live.get(cid.digest, "not live") for cid in pins)
        found["whole"] = check(store, [cid for cid in cids if cid in pins], deep=True).complete
        found["blocks"] = sum(path.is_file() for path in (workspace / "store" / "blocks-v1").rglob("*"))
    return found


_NAMED_BY_CHANCE = {
    "envelopes": "an envelope",
    "store": "stored",
    "journal": "a note",
}


def _files(workspace: Path) -> dict[str, int]:
    """How many files of each sort there are, and notes by whether they are done."""
    found: Counter[str] = Counter()
    for path in sorted(workspace.rglob("*")):
        if not path.is_file() or path.name == "lock" or path.name.endswith(("-wal", "-shm")):
            continue
        parts = path.relative_to(workspace).parts
        name = "/".join(parts)
        half_written = "tmp" in parts or any(part.startswith(".") for part in parts)
        if half_written and name != ".gitignore":
            name = f"LEFT OVER: {'/'.join(parts[:-1])}/{path.suffix or '?'}"
        elif parts[0] == "keys":
            name = f"keys/{path.stem.split('-')[0]}"
        elif parts[0] in ("validation", "receipts"):
            continue  # told by whose they are, below
        elif parts[:2] == ("journal", "custodian"):
            continue  # one for each transaction that was signed, whether it left or not
        elif parts[0] == "journal":
            name = f"journal/{parts[1]}: {'done' if json.loads(path.read_text())['done'] else 'open'}"
        elif parts[0] in _NAMED_BY_CHANCE:
            name = f"{parts[0]}: {path.suffix or 'content'}"
        found[name] += 1
    for path in workspace.glob(".dry-run-*"):
        found[f"LEFT OVER: {path.name[:9]}"] += 1
    return dict(found)


def _other_files(folder: Path) -> list[str]:
    """What commands wrote beside the workspace."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.is_relative_to(folder / WORKSPACE) and "exports" not in path.parts
    )
