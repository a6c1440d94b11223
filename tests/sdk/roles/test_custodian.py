"""The custodian goes on where it was stopped."""

from __future__ import annotations

from unwrapped_dao import samples
from unwrapped_dao.app.in_process import local


def test_a_custodian_killed_between_two_staged_calls_passes_the_rest_of_the_leaves() -> None:
    with local(members=5) as dao, samples.exports(5, seed=3, min_plays=5_000, max_plays=5_000) as exports:
        for member, export in zip(dao.members, exports, strict=True):
            member.contribute(member.preview(export, scope="artist-preferences"))
        pool = dao.seal("artist-preferences")
        offer = dao.buyer.offer(pool, price=1_000, purpose="ai-training")
        sale_id = dao.collective.market.sale_id(offer)
        proposal = dao.members[0].propose(offer)
        for member in (dao.members[0], dao.members[1]):
            member.opt_out(offer)
        for member in dao.members:
            member.vote(proposal, "for")
        dao.relayer.execute(dao.collective.governor.proposal(proposal))
        # What a call cut short leaves behind: the first of two leaves staged by this custodian.
        market = dao.collective.market
        market.fix_excluded(dao.keepers[0], offer, [0])
        assert market.staged_count(sale_id, dao.custodian.address) == 1
        assert dao.custodian.fix_exclusions(sale_id)
        assert market.excluded_leaves(sale_id) == [0, 1]
