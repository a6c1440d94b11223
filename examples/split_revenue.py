"""Split a price among members by weight, on an embedded chain: `python split_revenue.py [BASE_UNITS]`.

Each member is credited in O(1) when the sale settles, and pulls what is theirs. Nothing is lost but dust: less than one
base unit for each claim.
"""

from __future__ import annotations

import sys

import unwrapped_dao as u

MEMBERS = 4
SCOPE = "artist-preferences"


def main(arguments: list[str]) -> None:
    price = int(arguments[0]) if arguments else 1_000_000_001
    with u.local(members=MEMBERS) as dao, u.samples.exports(MEMBERS, seed=3) as exports:
        for member, export in zip(dao.members, exports, strict=True):
            member.contribute(member.preview(export, scope=SCOPE))
        pool = dao.seal(SCOPE)
        offer = dao.buyer.offer(pool, price=price, purpose="ai-training")
        proposal = dao.members[0].propose(offer)
        for member in dao.members:
            member.vote(proposal, "for")
        sale = dao.settle(proposal)

        revenue = next(r for r in dao.collective.splitter.revenue() if r.sale_id == sale)
        paid = 0
        for number, member in enumerate(dao.members, 1):
            contribution = dao.collective.registry.contribution_of(pool, member.address)
            amount = member.claim().amount
            paid += amount
            print(f"member {number}: weight {contribution.record.weight if contribution else 0}, paid {amount}")
        dust = revenue.members - paid
        fees = f"treasury {revenue.treasury} + operators {revenue.operators}"
        print(f"price {price} = members {paid} + {fees} + dust {dust}")
        assert price == paid + revenue.treasury + revenue.operators + dust
        assert 0 <= dust < MEMBERS


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except u.errors.UnwrappedError as problem:  # such as a package that is not installed
        sys.exit(f"{problem.message} {problem.hint}")
