"""The README's example, run as it stands; and what it does not show: who opted out is neither paid nor opened."""

from __future__ import annotations

import io
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
