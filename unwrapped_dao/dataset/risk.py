"""How easily somebody could be recognised in a release: measured, not promised.

Suppressing rare values is no anonymity (an artist known to 1% of people carries 6.6 bits; five of them point to
one person), so what is measured is how many members a few known rows single out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from random import Random
from typing import Final

from pydantic import BaseModel, ConfigDict

DRAWS: Final = 40
"""Random sets of known rows tried for each member and size; the estimate's error is below 1% for 100 members."""
KNOWN: Final = (1, 2, 3, 5)
_SAMPLED_MEMBERS: Final = 2_000


class RiskReport(BaseModel):
    """Shares in parts per million. `singled_out_ppm[k]`: chance that k random rows of a member fit nobody else."""

    model_config = ConfigDict(frozen=True)

    members: int
    rows: int
    key_columns: tuple[str, ...]
    distinct_keys: int
    keys_of_one_member: int
    members_with_a_key_of_their_own_ppm: int
    unique_row_sets_ppm: int
    singled_out_ppm: dict[int, int]

    def lines(self) -> list[str]:
        """The report for a person."""
        what = " and ".join(self.key_columns)
        out = [
            f"{self.members} members, {self.rows} rows; a row's key is its {what}.",
            f"{self.keys_of_one_member} of {self.distinct_keys} keys belong to one member only.",
            f"{self.members_with_a_key_of_their_own_ppm / 10_000:.1f}% of members have such a key.",
            f"{self.unique_row_sets_ppm / 10_000:.1f}% of members have a set of keys that nobody else has.",
        ]
        out += [f"Knowing {k} of a member's keys singles them out with probability {ppm / 10_000:.1f}%."
                for k, ppm in self.singled_out_ppm.items()]  # fmt: skip
        out.append("These rows are pseudonymous, not anonymous: who knows some of somebody's rows may find the others.")
        return out


def assess(members: Iterable[Sequence[Hashable]], names: Sequence[str]) -> RiskReport:
    """Measure a table: the keys of each member's rows. Deterministic; for big tables 2,000 members are sampled."""
    numbers: dict[Hashable, int] = {}  # a key once, however many rows have it
    keys: list[list[int]] = []
    rows = 0
    for found in members:
        rows += len(found)
        keys.append(sorted({numbers.setdefault(key, len(numbers)) for key in found}))
    holders: list[set[int]] = [set() for _ in numbers]
    for member, held in enumerate(keys):
        for key in held:
            holders[key].add(member)
    own = [any(len(holders[key]) == 1 for key in held) for held in keys]
    sets = Counter(tuple(held) for held in keys)
    unique = sum(1 for held in keys if sets[tuple(held)] == 1)
    total = len(keys)
    random = Random("unwrapped-dao/risk/1")
    sampled = sorted(random.sample(range(total), min(total, _SAMPLED_MEMBERS)))
    singled = {}
    for known in KNOWN:
        hits = tries = 0
        for member in sampled:
            if len(keys[member]) < known:
                continue
            for _ in range(DRAWS):
                tries += 1
                hits += _singles_out(member, [holders[key] for key in random.sample(keys[member], known)])
        singled[known] = hits * 1_000_000 // tries if tries else 0
    return RiskReport(
        members=total,
        rows=rows,
        key_columns=tuple(names),
        distinct_keys=len(holders),
        keys_of_one_member=sum(1 for found in holders if len(found) == 1),
        members_with_a_key_of_their_own_ppm=sum(own) * 1_000_000 // total,
        unique_row_sets_ppm=unique * 1_000_000 // total,
        singled_out_ppm=singled,
    )


def _singles_out(member: int, holders: list[set[int]]) -> bool:
    """Whether nobody else is in all of these sets: the smallest is searched, up to the first other."""
    smallest, *others = sorted(holders, key=len)
    return not any(other != member and all(other in known for known in others) for other in smallest)
