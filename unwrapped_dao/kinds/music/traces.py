"""What identifies a history: its exact dataset, and the traces by which a near copy of it is known.

Two people share (minute, artist and title, milliseconds played) in no play at all, while two exports of one person
share most; so these triples, by month, find re-sent and overlapping files. A copy shifted in time loses
them, but keeps how long three plays in a row lasted, to the millisecond: the shape, which new names do not change. In
the same bucket is where each title was cut, to the millisecond, whatever was played around it: so a copy is known whose
sittings were put in another order. A copy with other lengths, too, keeps what followed what: the order. Both are
taken without their direction, since a history can be told backwards.

Everybody who hears an album out has its lengths and its order. So three songs that were heard out have no shape, and
three of one artist no order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from ..protocols import ORDER_BUCKET, SHAPE_BUCKET
from .listens import Listens, MonthOf

HEARD_MS: Final = 30_000
CUT_FROM_MS: Final = 2_000
"""Shorter plays are cut at few different milliseconds by chance."""


def identity(records: Listens) -> Iterator[bytes]:
    """The canonical dataset, a line a play: start, milliseconds, artist, title, kind; sorted, whatever the export.

    What a second export of the same plays may tell otherwise (album, id, reasons, source) is left out.
    """
    encode = msgspec.json.Encoder().encode
    names = ("start_ms", "played_ms")
    texts = ("artist", "track", "kind")
    for row in sorted(zip(*map(records.integers, names), *map(records.texts, texts), strict=True)):
        yield encode(row) + b"\n"


def traces(records: Listens) -> Mapping[str, Sequence[bytes]]:
    """By month the triples of plays of 30 seconds or more (0 ms repeats and proves nothing), the shape and the order.

    Of plays whose length is not known only the order is told, and in the months the minute and the title.
    """
    month_of = MonthOf()
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    told: list[_Told] = []
    cuts: Counter[bytes] = Counter()
    columns = zip(
        records.integers("start_ms"),
        records.integers("played_ms"),
        records.texts("artist"),
        records.texts("track"),
        records.texts("reason_end"),
        strict=True,
    )
    for start, played, artist, track, end in columns:
        if 0 <= played < 1_000:
            continue
        name = f"{artist}\x1f{track}\x1e".encode()
        told.append(_Told(artist, name, played, end))
        if end and end != "trackdone" and played >= CUT_FROM_MS:
            cuts[b"cut\x1f%d\x1f%b" % (played, name)] += 1
        if played >= HEARD_MS or played < 0:
            stop = start + max(0, played)
            # The stop, to the minute, is what both of Spotify's formats tell alike.
            found[month_of(stop)].append(b"%d\x1f%d\x1f%b" % (stop // 60_000, played, name))
    # A length that comes again is the title's own, and every fan's.
    once = [cut for cut, times in cuts.items() if times == 1]
    found[SHAPE_BUCKET] = [*_shape(told), *once]
    found[ORDER_BUCKET] = _order(told)
    return {bucket: elements for bucket, elements in found.items() if elements}


class _Told(NamedTuple):
    artist: str
    name: bytes
    played: int
    end: str


def _shape(told: Sequence[_Told]) -> list[bytes]:
    """How long three plays in a row lasted, if one of them was cut short, or may have been: see above."""
    counts: Counter[tuple[bytes, int]] = Counter((play.name, play.played) for play in told)
    usual: dict[bytes, int] = {}
    for (name, played), times in counts.items():
        if times > max(1, counts[name, usual.get(name, 0)]):
            usual[name] = played
    plays = [play for play in told if play.played > 0]
    cut = [play.end not in ("", "trackdone") or play.played != usual.get(play.name, play.played) for play in plays]
    out = []
    for i in range(len(plays) - 2):
        one, two, three = plays[i : i + 3]
        if cut[i] or cut[i + 1] or cut[i + 2] or (not two.end and not one.artist == two.artist == three.artist):
            first, last = sorted((one.played, three.played))
            out.append(b"%d,%d,%d," % (first, two.played, last))
    return out


def _order(told: Sequence[_Told]) -> list[bytes]:
    """Three titles in a row by two artists or more; one title on repeat is everybody's."""
    out = []
    for (one, two), (_, three) in pairwise(pairwise(told)):
        if one.artist == two.artist == three.artist or len({one.name, two.name, three.name}) < 3:
            continue
        first, last = sorted((one.name, three.name))
        out.append(first + two.name + last)
    return out
