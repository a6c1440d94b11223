"""What identifies a history: its exact dataset, and the traces by which a near copy of it is known.

Two people share (minute, artist and title, milliseconds played) in no play at all, while two exports of one person
share most; so these triples, by month, find re-sent and overlapping files. A copy shifted in time loses
them, but keeps how long three plays in a row lasted, to the millisecond: the shape, which new names do not change. In
the same bucket is where each title was cut, to the millisecond, whatever was played around it: so a copy is known whose
sittings were put in another order. A copy with other lengths, too, keeps what followed what: the order, which people
may share for an album.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

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
    lengths: list[bytes] = []
    names: list[bytes] = []
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
        names.append(name)
        if played > 0:
            lengths.append(b"%d," % played)
        if end and end != "trackdone" and played >= CUT_FROM_MS:
            cuts[b"cut\x1f%d\x1f%b" % (played, name)] += 1
        if played >= HEARD_MS or played < 0:
            stop = start + max(0, played)
            # The stop, to the minute, is what both of Spotify's formats tell alike.
            found[month_of(stop)].append(b"%d\x1f%d\x1f%b" % (stop // 60_000, played, name))
    # A length that comes again is the title's own, and every fan's.
    once = [cut for cut, times in cuts.items() if times == 1]
    found[SHAPE_BUCKET] = [*map(b"".join, zip(lengths, lengths[1:], lengths[2:], strict=False)), *once]
    # One title on repeat is everybody's.
    runs = zip(names, names[1:], names[2:], strict=False)
    found[ORDER_BUCKET] = [b"".join(run) for run in runs if len(set(run)) == 3]
    return {bucket: elements for bucket, elements in found.items() if elements}
