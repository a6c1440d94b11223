"""Genuine listening histories of people with unusual lives: none of them may be refused."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.validation_parts.forgeries import HOUR, MUSIC, SIZE, edit
from unwrapped_dao import samples
from unwrapped_dao.kinds.music.listens import Row
from unwrapped_dao.samples.catalogue import service_id

DAY = 24 * HOUR

Habit = Callable[[list[Row], Random], list[Row]]
"""Genuine rows as somebody with an unusual life would have them."""


def with_pauses(own: list[Row], random: Random) -> list[Row]:
    """A third of the plays is paused for up to 25 minutes. The stop is told, so that they seem to start late."""
    out: list[Row] = []
    late = 0
    for before, row in zip([own[0], *own], own, strict=False):
        late = 0 if row[0] - before[0] > HOUR else late
        late += random.randrange(10_000, 1_500_000) if random.random() < 1 / 3 else 0
        out.append(edit(row, start_ms=row[0] + late))
    return out


def on_two_devices(own: list[Row], random: Random) -> list[Row]:
    """One play in thirty goes on while the next one begins elsewhere."""
    return [edit(r, start_ms=r[0] - random.randrange(90_000)) if random.random() < 1 / 30 else r for r in own]


def on_shifts(own: list[Row], random: Random) -> list[Row]:
    """Early, late and night shifts by turns, a week each."""
    week = 7 * 24 * HOUR
    return [edit(r, start_ms=r[0] + r[0] // week % 3 * 8 * HOUR) for r in own]


def songs_alone(own: list[Row], random: Random) -> list[Row]:
    """A song now and then, chosen by hand: most sittings are cut to one play."""
    kept: list[Row] = []
    for row in own:
        if not kept or row[0] - kept[-1][0] > HOUR // 2 or random.random() < 0.25:
            kept.append(edit(row, reason_start="clickrow"))
    return kept


def with_podcasts(own: list[Row], random: Random) -> list[Row]:
    """Music every fifth day; else long talks, heard in pieces whenever there is time."""
    out = [row for row in own if row[0] // DAY % 5 == 0]
    episode = 0
    for day in range(own[0][0] // DAY, own[-1][0] // DAY):
        at = day * DAY + random.choice((7, 8, 12, 17, 21)) * HOUR + random.randrange(HOUR)
        for _ in range(random.randrange(1, 5)):
            left, start = random.randrange(1_200_000, 4_500_000), "clickrow"
            episode += 1
            while left > 0:
                played = min(left, random.randrange(120_000, 2_400_000))
                left -= played
                end = random.choice(("endplay", "logout", "unexpected-exit-while-paused")) if left else "trackdone"
                out.append(
                    edit(
                        own[0], start_ms=at, played_ms=played, artist=f"Show {episode % 7}", track=f"Episode {episode}",
                        album="", track_id="", kind="podcast", reason_start=start, reason_end=end, clock_s=at // 1_000,
                    )
                )  # fmt: skip
                at += played + (random.randrange(600_000, 9_000_000) if left else 500)
                start = random.choice(("appload", "playbtn", "clickrow"))
    return out


def day_and_night(own: list[Row], random: Random) -> list[Row]:
    """A shop, or a kitchen radio: a month without a pause."""
    songs = [row for row in own if row[1] > 60_000]
    out, at = [], own[0][0]
    while at < own[0][0] + 30 * DAY:
        song = random.choice(songs)
        out.append(edit(song, start_ms=at, reason_start="trackdone", reason_end="trackdone", clock_s=at // 1_000))
        at += song[1] + 200
    return out


def noise_at_night(own: list[Row], random: Random) -> list[Row]:
    """Sleeps to one track of rain that repeats for eight hours, two nights of three."""
    rain = edit(own[0], artist="Rain", track="Rain", album="Rain", track_id="4uLU6hMCjMI75M1A2tKUQC", played_ms=90_058,
                reason_start="trackdone", reason_end="trackdone", skipped=0)  # fmt: skip
    nights = [day for day in range(own[0][0] // DAY, own[-1][0] // DAY)[:60] if random.random() < 2 / 3]
    starts = [day * DAY + 23 * HOUR + n * 90_200 for day in nights for n in range(320)]
    return [*own, *(edit(rain, start_ms=at, clock_s=at // 1_000) for at in starts)]


def a_family(own: list[Row], random: Random) -> list[Row]:
    """Three people use one account, whenever they like."""
    out = list(own)
    with samples.exports(2, seed=random.randrange(10**9), **SIZE, format="extended-zip") as made:
        for other in made:
            rows = list(MUSIC.read(other).records.rows())
            move = own[-1][0] - rows[-1][0]
            out += [edit(r, start_ms=r[0] + move, clock_s=max(0, r[12] + move // 1_000)) for r in rows]
    return out


def on_journeys(own: list[Row], random: Random) -> list[Row]:
    """Another zone every fortnight."""
    return [edit(row, start_ms=row[0] + row[0] // (14 * DAY) % 5 * 5 * HOUR) for row in own]


def two_months(own: list[Row], random: Random) -> list[Row]:
    """Joined not long ago."""
    return [row for row in own if row[0] < own[0][0] + 60 * DAY]


def with_a_wrong_clock(own: list[Row], random: Random) -> list[Row]:
    """Scrobbles, without lengths; now and then the player believed that it was five years earlier."""
    back = 5 * 365 * DAY
    return [
        edit(row, start_ms=(row[0] - (back if n // 100 % 7 == 0 else 0)) // 1_000 * 1_000, played_ms=-1, track_id="",
             reason_start="", reason_end="", shuffle=-1, skipped=-1, private=0, clock_s=0, source="lastfm")
        for n, row in enumerate(own) if row[1] > 30_000
    ]  # fmt: skip


def at_night(own: list[Row], random: Random) -> list[Row]:
    """Works at night, for years."""
    return [edit(row, start_ms=row[0] + 10 * HOUR, clock_s=row[12] + 36_000 if row[12] else 0) for row in own]


def in_a_row(songs: list[Row], at: int, reason: str = "trackdone") -> list[Row]:
    """These songs heard out one after the other, from then on."""
    out = []
    for n, song in enumerate(songs):
        out.append(edit(song, start_ms=at, reason_start=reason if n else "clickrow", reason_end=reason,
                        clock_s=at // 1_000))  # fmt: skip
        at += song[1] + 150
    return out


def a_child(own: list[Row], random: Random) -> list[Row]:
    """The same thirty songs each evening, until it sleeps."""
    songs = [row for row in own if row[1] > 120_000][:30]
    days = [day for day in range(own[0][0] // DAY, own[0][0] // DAY + 300) if random.random() < 0.85]
    return [
        row
        for day in days
        for row in in_a_row(songs[: random.randrange(10, 30)], day * DAY + 19 * HOUR + random.randrange(HOUR))
    ]


def one_sound(own: list[Row], random: Random) -> list[Row]:
    """An account for one track that helps to work."""
    song = max(own, key=lambda row: row[1])
    days = range(own[0][0] // DAY, own[0][0] // DAY + 90)
    return [row for day in days for row in in_a_row([song] * random.randrange(15, 60), day * DAY + 9 * HOUR)]


def one_artist(own: list[Row], random: Random) -> list[Row]:
    """Nothing but one band."""
    return [edit(row, artist="Zelvora") for row in own]


def a_dj(own: list[Row], random: Random) -> list[Row]:
    """Hears beginnings and middles every third day, and nothing to its end."""
    out = []
    for day in range(own[0][0] // DAY, own[0][0] // DAY + 300, 3):
        at = day * DAY + random.choice((14, 20, 22)) * HOUR
        for song in random.choices(own, k=random.randrange(20, 80)):
            played = random.randrange(1_000, 20_000) if random.random() < 0.5 else random.randrange(20_000, 120_000)
            out.append(edit(song, start_ms=at, played_ms=played, reason_start="clickrow", reason_end="endplay",
                            skipped=1, clock_s=at // 1_000))  # fmt: skip
            at += played + random.randrange(500, 40_000)
    return out


def weeks_offline(own: list[Row], random: Random) -> list[Row]:
    """Every third week away from any network: what was played is told at once when it is over."""
    week = 7 * DAY
    return [
        edit(row, start_ms=(row[0] // week + 1) * week + random.randrange(20_000) - row[1], clock_s=row[0] // 1_000)
        if row[0] // week % 3 == 0
        else row
        for row in own
    ]


def a_year_without(own: list[Row], random: Random) -> list[Row]:
    """Went away for a year, and came back."""
    half = own[len(own) // 2][0]
    return [edit(r, start_ms=r[0] - 400 * DAY, clock_s=0) if r[0] < half else r for r in own]


def twelve_plays(own: list[Row], random: Random) -> list[Row]:
    """Tried it once."""
    return own[:12]


def albums(own: list[Row], random: Random) -> list[Row]:
    """Famous albums, whole and in their order: other members hear the same ones to the same millisecond."""
    catalogue = Random("albums that everybody knows")
    shelf = [
        [edit(own[0], artist=f"Band {n}", track=f"Song {n}-{t}", album=f"Album {n}", track_id=service_id(catalogue),
              played_ms=catalogue.randrange(150_000, 300_000), skipped=0) for t in range(11)]
        for n in range(40)
    ]  # fmt: skip
    days = range(own[0][0] // DAY, own[0][0] // DAY + 240)
    return [
        row
        for day in days
        for hour in (8, 13, 20)
        if random.random() < 0.5
        for row in in_a_row(
            random.choice(shelf)[: random.choice((11, 11, 5))], day * DAY + hour * HOUR + random.randrange(HOUR)
        )
    ]


def podcasts_only(own: list[Row], random: Random) -> list[Row]:
    """Not one song."""
    return [row for row in with_podcasts(own, random) if row[6] == "podcast"]


HABITS: dict[str, Habit] = {
    "many pauses": with_pauses,
    "two devices": on_two_devices,
    "shift work": on_shifts,
    "a song now and then": songs_alone,
    "podcasts mostly": with_podcasts,
    "a radio day and night": day_and_night,
    "one track all night": noise_at_night,
    "a family's account": a_family,
    "journeys": on_journeys,
    "two months": two_months,
    "a scrobbler with a wrong clock": with_a_wrong_clock,
    "nights only": at_night,
    "a child's evenings": a_child,
    "one sound only": one_sound,
    "one artist only": one_artist,
    "a DJ": a_dj,
    "weeks offline": weeks_offline,
    "a year without": a_year_without,
    "twelve plays": twelve_plays,
    "albums that others hear, too": albums,
    "podcasts only": podcasts_only,
}
