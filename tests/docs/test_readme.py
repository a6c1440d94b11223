"""The README's example, run as it stands; and what it does not show: who opted out is neither paid nor opened."""

from __future__ import annotations

import io
import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from unwrapped_dao.crypto.keys import NodeKey
from unwrapped_dao.crypto.tree import path
from unwrapped_dao.errors import UnwrappedError

README = Path(__file__).parents[2] / "README.md"


def test_readme_example_pays_four_members_and_leaves_the_fifth_shut(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert example.lstrip().startswith("import unwrapped_dao as u")
    looked: list[bool] = []

    def look(dao: Any, pool: Any, offer: Any, sale: bytes, dataset: Any) -> None:
        """While the collective of the example is still there."""
        assert dao.members[4].claim().amount == 0
        assert all(member.claim().amount == 0 for member in dao.members)  # everybody had claimed: once is once
        assert dataset.num_members == 4
        _require_shut(dao, pool, offer, sale)
        looked.append(True)

    exec(compile(example + "    look(dao, pool, offer, sale, dataset)\n", str(README), "exec"), {"look": look})
    assert looked == [True]
    rows, amounts = capsys.readouterr().out.split(" ", 1)
    assert int(rows) > 100
    assert all(int(amount) > 0 for amount in amounts.strip(" []\n").split(","))


def test_every_figure_of_the_readme_is_the_one_that_was_committed() -> None:
    gas = _measured("gas")["ganache-shanghai"]
    contribute, receive = _measured("contribute"), _measured("receive")
    all_of_it_s = contribute["wall_ms"] / 1000
    g = {name: f"{amount:,}" for name, amount in gas.items()}
    table = re.findall(r"^\|[^|]+\|([^|]+)\| `make", README.read_text(encoding="utf-8"), re.M)
    assert [cell.strip() for cell in table[:-1]] == [
        f"{gas['join'] + gas['contribute']:,} gas; relayed by the hundred {g['onboard_relayed']}",
        f"{g['vote_first']} / {g['vote_later']} / {g['vote_batch']} gas",
        f"{g['deliver_again']} gas; one more node of a cover {g['cover_node']}",
        f"{g['dkg_total_5']} gas in all; a complaint {g['dkg_complaint']}",
        f"{g['claim_first']} / {g['claim_again']} gas",
        f"{contribute['crypto_ms']} ms for the member and two validators; all of it {all_of_it_s:.2f} s",
        f"{receive['open_s']} s, {receive['peak_mb']} MB",
    ]
    assert "benchmarks/validation.md" in table[-1]


def _measured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((README.parent / "benchmarks" / f"{name}.json").read_text())
    return found


def _require_shut(dao: Any, pool: Any, offer: Any, sale: bytes) -> None:
    """Every key that the buyer has, on every lock of the fifth member's envelope."""
    member = dao.members[4]
    contribution = dao.collective.registry.contribution_of(pool, member.address)
    keys = dao.buyer.open_keys(sale, offer, pool)
    assert keys
    for key, node in product(keys, path(contribution.number, pool.height)):
        passed_off = NodeKey.from_trusted_point(key.pool, node, key.to_secret_point())
        with pytest.raises(UnwrappedError):
            dao.buyer.open_one(pool, contribution, passed_off)


def test_readme_example_keys_do_open_the_others() -> None:
    """The counterpart, without which the test above could pass for a wrong reason."""
    import unwrapped_dao as u

    with u.local(members=3) as dao:
        for member, export in zip(dao.members, u.samples.exports(3, seed=7, min_plays=400, max_plays=500), strict=True):
            member.contribute(member.preview(export, scope="artist-preferences"))
        pool = dao.seal("artist-preferences")
        offer = dao.buyer.offer(pool, price=10**6, purpose="ai-training")
        proposal = dao.members[0].propose(offer)
        for member in dao.members:
            member.vote(proposal, "for")
        sale = dao.settle(proposal)
        (key,) = dao.buyer.open_keys(sale, offer, pool)
        contribution = dao.collective.registry.contribution_of(pool, dao.members[2].address)
        assert contribution is not None
        assert io.BytesIO(dao.buyer.open_one(pool, contribution, key)).read(1) == b"{"
