"""How easily somebody could be recognised in a release: measured, not promised.

Suppressing rare values is no anonymity (an artist known to 1% of people carries 6.6 bits; five of them point to
one person), so what is measured is how many members a few known rows single out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, Final

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


def assess(counts: Sequence[int], key_values: Sequence[Sequence[Any]], names: Sequence[str]) -> RiskReport:
    """Measure a table whose rows are grouped by member. Deterministic; for big tables 2,000 members are sampled."""
    keys: list[list[Any]] = []
    rows = list(zip(*key_values, strict=True))
    start = 0
    for count in counts:
        keys.append(sorted(set(rows[start : start + count]), key=repr))
        start += count
    holders: dict[Any, set[int]] = {}
    for member, found in enumerate(keys):
        for key in found:
            holders.setdefault(key, set()).add(member)
    own = [any(len(holders[key]) == 1 for key in found) for found in keys]
    sets = Counter(tuple(found) for found in keys)
    unique = sum(1 for found in keys if sets[tuple(found)] == 1)
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
                fitting = set.intersection(*(holders[key] for key in random.sample(keys[member], known)))
                tries += 1
                hits += len(fitting) == 1
        singled[known] = hits * 1_000_000 // tries if tries else 0
    return RiskReport(
        members=total,
        rows=len(rows),
        key_columns=tuple(names),
        distinct_keys=len(holders),
        keys_of_one_member=sum(1 for found in holders.values() if len(found) == 1),
        members_with_a_key_of_their_own_ppm=sum(own) * 1_000_000 // total,
        unique_row_sets_ppm=unique * 1_000_000 // total,
        singled_out_ppm=singled,
    )
