"""What a buyer learns from `artist-counts-dp` at 1,000 and 10,000 members: `python benchmarks/dp_accuracy.py`.

Seeded members with eight favourites each, drawn from 2,000 artists by a long-tailed law. Told: how many artists stand
above four deviations of the noise, how many of those are truly among as many most frequent ones, and the mean error.
The same figures come out on every machine: ends with 1 if they are not the committed ones; `--update` writes those.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from unwrapped_dao.kinds.music.scopes.artist_counts_dp import DRAWN_FROM, EPSILON_MILLI, estimate, randomise  # noqa: E402

ARTISTS = 2_000
CANDIDATES = 300
COMMITTED = HERE / "dp_accuracy.json"


def measure(members: int, seed: int = 1) -> dict[str, Any]:
    """Figures for one number of members."""
    random = Random(f"unwrapped-dao/dp/{seed}/{members}")
    truth: Counter[str] = Counter()
    reports = []
    for _ in range(members):
        favourites = list(dict.fromkeys(f"Artist {int(ARTISTS * random.random() ** 4)}" for _ in range(40)))[
            :DRAWN_FROM
        ]
        truth.update(favourites)
        reports.append(randomise(favourites, random.randbytes(32)))
    found = estimate(reports, [name for name, _ in truth.most_common(CANDIDATES)])
    deviation = found[0].deviation
    above = [item.artist for item in found if item.members > 4 * deviation]
    top = {name for name, _ in truth.most_common(len(above))}
    return {
        "members": members,
        "deviation": round(deviation),
        "artists_above_four_deviations": len(above),
        "of_these_truly_among_the_top": len(top & set(above)),
        "mean_error": round(sum(abs(item.members - truth[item.artist]) for item in found) / len(found)),
        "most_frequent_true_count": truth.most_common(1)[0][1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    update = parser.parse_args().update
    figures = {"epsilon": EPSILON_MILLI / 1000, "drawn_from": DRAWN_FROM, "sizes": [measure(1_000), measure(10_000)]}
    text = json.dumps(figures, indent=1) + "\n"
    print(text, end="")
    if update:
        COMMITTED.write_text(text)
    elif text != COMMITTED.read_text():
        sys.exit(f"error: these are not the figures of {COMMITTED.name}; --update writes them")


if __name__ == "__main__":
    main()
