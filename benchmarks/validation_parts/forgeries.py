"""Forged listening histories, by how a forger would make them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.validation_parts.planned import planned_life
from unwrapped_dao import kinds, samples
from unwrapped_dao.kinds.music.listens import COLUMNS, Row
from unwrapped_dao.samples.catalogue import service_id

MUSIC = kinds.get("music")
HOUR = 3_600_000
SIZE: dict[str, int] = {"min_plays": 2_000, "max_plays": 2_500}

Forger = Callable[[list[Row], list[Row], float, Random], list[Row]]
"""(own genuine rows, a contributed victim's rows, strength 0..1, random) -> forged rows."""


def edit(row: Row, **changes: Any) -> Row:
    return tuple(changes.get(name, value) for name, value in zip(COLUMNS, row, strict=True))  # type: ignore[return-value]


def random_row(random: Random, span: tuple[int, int]) -> Row:
    """A row by somebody who knows the format but not what histories look like."""
    played = random.randrange(1_000, 300_000)
    return (
        random.randrange(*span), played, f"Artist {random.randrange(3_000)}", f"Title {random.randrange(40_000)}", "",
        service_id(random), "music", random.choice(["clickrow", "trackdone", "fwdbtn"]),
        random.choice(["trackdone", "fwdbtn", "endplay"]), random.randrange(2), random.randrange(2), 0, 0,
        "spotify-extended",
    )  # fmt: skip


def span_of(rows: list[Row]) -> tuple[int, int]:
    return rows[0][0], rows[-1][0] + 1


def random_rows(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """That share of the rows is drawn at random; the others are genuine."""
    return [random_row(random, span_of(own)) if random.random() < strength else row for row in own]


def shifted_copy(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """That share of a victim's file (a stretch of it), moved by an odd number of hours, instead of one's own."""
    size = int(len(victim) * strength)
    begin = random.randrange(len(victim) - size + 1)
    move = random.randrange(-9_000, 9_000) * HOUR // 7
    return [edit(row, start_ms=row[0] + move) for row in victim[begin : begin + size]]


def exact_part(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """That share of a victim's file, unchanged."""
    size = int(len(victim) * strength)
    begin = random.randrange(len(victim) - size + 1)
    return victim[begin : begin + size]


def edited_rows(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """A victim's whole file, in which that share of the rows has other times and lengths."""
    return [
        edit(
            row,
            start_ms=row[0] + random.randrange(-50_000, 50_000),
            played_ms=max(0, row[1] - random.randrange(1, 3_000)),
        )
        if random.random() < strength
        else row
        for row in victim
    ]


def merged(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """One's own file and that share of a victim's."""
    return [*own, *exact_part(own, victim, strength, random)]


def two_own(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """One's own file and that share of a second person's that nobody contributed, at the same time."""
    with samples.exports(1, seed=random.randrange(10**9), **SIZE, format="extended-zip") as made:
        second = list(MUSIC.read(made[0]).records.rows())
    move = own[-1][0] - second[-1][0]
    return [*own, *(edit(row, start_ms=row[0] + move) for row in second if random.random() < strength)]


def padded(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """One's own file with that much more made of copies of own plays at random other times."""
    extra = random.choices(own, k=int(len(own) * strength))
    return [*own, *(edit(row, start_ms=random.randrange(*span_of(own))) for row in extra)]


def padded_with_clocks(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """The same by somebody who moves the device's clock along."""
    extra = []
    for row in random.choices(own, k=int(len(own) * strength)):
        start = random.randrange(*span_of(own))
        extra.append(edit(row, start_ms=start, clock_s=(row[12] + (start - row[0]) // 1_000) if row[12] else 0))
    return [*own, *extra]


def new_names(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """A victim's file in which that share of the artists is replaced, throughout."""
    names = {name: f"New {name}" for name in {row[2] for row in victim} if random.random() < strength}
    return [edit(row, artist=names.get(row[2], row[2])) for row in victim]


def shifted_and_jittered(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """A victim's file moved by months, with other lengths in that share of the rows: titles keep their order."""
    moved = shifted_copy(own, victim, 1.0, random)
    return [
        edit(row, played_ms=max(0, row[1] - random.randrange(1, 3_000))) if random.random() < strength else row
        for row in moved
    ]


def shuffled_days(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """A victim's file with that share of its days exchanged among each other."""
    days = sorted({row[0] // (24 * HOUR) for row in victim})
    moving = [day for day in days if random.random() < strength]
    to = dict(zip(moving, random.sample(moving, len(moving)), strict=True))
    return [
        edit(
            row,
            start_ms=row[0]
            + (to.get(row[0] // (24 * HOUR), row[0] // (24 * HOUR)) - row[0] // (24 * HOUR)) * 24 * HOUR,
        )
        for row in victim
    ]


def sittings_shuffled(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """A victim's file moved by months, with the songs of that share of its sittings in another order."""
    out: list[Row] = []
    begin = 0
    for i in range(1, len(victim) + 1):
        if i < len(victim) and victim[i][0] - victim[i - 1][0] - victim[i - 1][1] < HOUR // 6:
            continue
        sitting, at = victim[begin:i], victim[begin][0] + 37 * 24 * HOUR
        for row in random.sample(sitting, len(sitting)) if random.random() < strength else sitting:
            out.append(edit(row, start_ms=at, clock_s=at // 1_000))
            at += row[1] + 300
        begin = i
    return out


def shuffled_and_jittered(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """The same, and what was cut short is cut elsewhere."""
    return [
        row if row[8] == "trackdone" else edit(row, played_ms=max(500, row[1] + random.randrange(-2_500, 2_500)))
        for row in sittings_shuffled(own, victim, strength, random)
    ]


def days_again(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """One's own file with that much more made of its days in the year before, what was cut short cut elsewhere."""
    days: dict[int, list[Row]] = {}
    for row in own:
        days.setdefault(row[0] // (24 * HOUR), []).append(row)
    first = min(days)
    out: list[Row] = []
    for to in random.sample(range(first - 400, first), 400):
        if len(out) >= strength * len(own):
            break
        day = random.choice(list(days))
        for row in days[day]:
            start = row[0] + (to - day) * 24 * HOUR + random.randrange(5_000)
            cut = row[1] if row[8] == "trackdone" else max(500, row[1] + random.randrange(-3_000, 3_000))
            out.append(edit(row, start_ms=start, played_ms=cut, clock_s=start // 1_000 if row[12] else 0))
    return [*out, *own]


def own_generator(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """That share of the history comes from this project's own generator, the rest is genuine-looking."""
    with samples.exports(1, seed=random.randrange(10**9), **SIZE, format="extended-zip") as made:
        other = list(MUSIC.read(made[0]).records.rows())
    cut = int(len(own) * (1 - strength))
    rest = [row for row in other if not own[:cut] or row[0] > own[cut - 1][0]]
    return [*own[:cut], *(rest or other)]


def weeks_again(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """A victim's file years earlier, in which that share of the weeks is another of its weeks, drawn at random."""
    week = 7 * 24 * HOUR
    weeks: dict[int, list[Row]] = {}
    for row in victim:
        weeks.setdefault(row[0] // week, []).append(row)
    out: list[Row] = []
    for number in weeks:
        drawn = random.choice(list(weeks)) if random.random() < strength else number
        for row in weeks[drawn]:
            start = row[0] + (number - drawn - 104) * week
            out.append(edit(row, start_ms=start, clock_s=start // 1_000 if row[12] else 0))
    return out


def days_by_turns(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """One's own file with that share of its days taken out and a victim's put in, in the same year."""
    day = 24 * HOUR
    move = (own[-1][0] - victim[-1][0]) // day * day
    theirs = {d for d in range(own[0][0] // day, own[-1][0] // day + 1) if random.random() < strength}
    moved = (edit(r, start_ms=r[0] + move, clock_s=r[12] + move // 1_000 if r[12] else 0) for r in victim)
    return [*(r for r in own if r[0] // day not in theirs), *(r for r in moved if r[0] // day in theirs)]


def popular_songs(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """A victim's file moved by months, that share of whose rows became other titles, which everybody knows."""
    hits = [(f"Star {n}", f"Hit {n}") for n in range(50)]
    out = []
    for row in victim:
        artist, track = random.choice(hits) if random.random() < strength else (row[2], row[3])
        out.append(edit(row, artist=artist, track=track, start_ms=row[0] + 61 * 24 * HOUR, clock_s=0))
    return out


def backwards(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """That share of a victim's file, its last play first."""
    part = exact_part(own, victim, strength, random)
    return [edit(r, start_ms=part[0][0] + part[-1][0] - r[0], clock_s=0) for r in reversed(part)]


def as_scrobbles(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """That share of a victim's file, moved by months, told as another service would: without lengths, ids, reasons."""
    return [
        edit(r, start_ms=(r[0] + 37 * 24 * HOUR) // 1_000 * 1_000, played_ms=-1, track_id="", reason_start="",
             reason_end="", shuffle=-1, skipped=-1, private=0, clock_s=0, source="lastfm")
        for r in exact_part(own, victim, strength, random) if r[1] >= HOUR // 120
    ]  # fmt: skip


def planned(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """A life written from a plan, that share of whose songs does not last equally long each time."""
    return planned_life(own[0][0], 400, random, wrong_lengths=strength)


def handful(own: list[Row], victim: list[Row], strength: float, random: Random) -> list[Row]:
    """So few plays of a victim (7 at full strength) that they could be chance."""
    size = max(1, int(7 * strength))
    begin = random.randrange(len(victim) - size)
    return victim[begin : begin + size]


COPY, BLATANT, SLY = "copy", "blatant", "sly"
"""Copies of another's plays have to be refused, all of them; blatant ones, from half of the rows on, 95 of 100."""

FORGERIES: dict[str, tuple[Forger, str]] = {
    "random rows": (random_rows, BLATANT),
    "exact part of another's file": (exact_part, COPY),
    "another's file, shifted in time": (shifted_copy, COPY),
    "another's file, rows edited": (edited_rows, BLATANT),
    "another's file, artists renamed": (new_names, BLATANT),
    "another's file, days exchanged": (shuffled_days, BLATANT),
    "another's file, shifted, lengths changed": (shifted_and_jittered, BLATANT),
    "another's file, sittings reordered": (sittings_shuffled, BLATANT),
    "another's file, reordered, lengths changed": (shuffled_and_jittered, SLY),
    "another's file, weeks drawn again": (weeks_again, BLATANT),
    "another's file, popular songs put in": (popular_songs, BLATANT),
    "another's file, backwards": (backwards, BLATANT),
    "another's file, moved, as scrobbles": (as_scrobbles, BLATANT),
    "own days and another's by turns": (days_by_turns, BLATANT),
    "seven plays of another's and fewer": (handful, SLY),
    "own file and another's, merged": (merged, BLATANT),
    "own file, padded with plays": (padded, BLATANT),
    "own file, padded, clocks moved along": (padded_with_clocks, SLY),
    "own file, days of it again, lengths changed": (days_again, SLY),
    "own file and an unknown person's": (two_own, SLY),
    "a life by plan, lengths that vary": (planned, SLY),
    "this project's own generator": (own_generator, SLY),
}
