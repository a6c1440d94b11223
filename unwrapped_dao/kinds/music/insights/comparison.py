"""Two listening histories side by side, both from local files: what is shared, and what each could lend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .clock import CLOCK, Clock
from .diversity import width
from .history import History
from .insight import NotInFile
from .measures import overlap
from .plays import NOBODY

_SHOWN: Final = 10
_LENT: Final = 6


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a label, size, width of taste, and the share of their listening that goes to shared
    artists. `zone` says whose hours the clock shows, and whether that was guessed.
    """

    label: str
    weight: int
    timed: bool
    plays: int
    artists: int
    effective: float
    shared_listening: float
    first_day: int
    last_day: int
    clock: Clock | NotInFile
    zone: str


@dataclass(frozen=True, slots=True)
class SharedArtist:
    """An artist of both, and their share of each one's listening."""

    artist: str
    share_a: float
    share_b: float


@dataclass(frozen=True, slots=True)
class SharedTrack:
    """A track of both, and the plays of each."""

    artist: str
    track: str
    plays_a: int
    plays_b: int


@dataclass(frozen=True, slots=True)
class Lent:
    """An artist whom one loves and the other never played: the share of the lender's listening."""

    artist: str
    share: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`taste` is the overlap of listening by artist, `hours` by hour of the week, both 0 to 1; artists are
    the same when their names are, but for case. `meeting` is the (weekday, hour) at which both listen most.
    """

    a: Side
    b: Side
    taste: float
    hours: float | NotInFile
    meeting: tuple[int, int] | NotInFile
    shared_artists: int
    shared_tracks: int
    artists: tuple[SharedArtist, ...]
    tracks: tuple[SharedTrack, ...]
    a_lends: tuple[Lent, ...]
    b_lends: tuple[Lent, ...]


def compare(a: History, b: History, label_a: str = "A", label_b: str = "B") -> Comparison:
    """Compare two histories, each on its own clock."""
    artists_a, artists_b = _artists(a), _artists(b)
    names = {key: name for key, (name, _) in sorted([*artists_b.items(), *artists_a.items()])}
    share_a, share_b = _shares(artists_a), _shares(artists_b)
    both = share_a.keys() & share_b.keys()
    shared = sorted(both, key=lambda key: (-min(share_a[key], share_b[key]), key))
    tracks_a, tracks_b = _tracks(a), _tracks(b)
    both_tracks = sorted(tracks_a.keys() & tracks_b.keys(), key=lambda k: (-min(tracks_a[k][2], tracks_b[k][2]), k))
    clock_a, clock_b = CLOCK.of(a), CLOCK.of(b)
    hours, meeting = _hours(clock_a, clock_b)
    return Comparison(
        a=_side(a, label_a, clock_a, sum(sorted(share_a[key] for key in both))),
        b=_side(b, label_b, clock_b, sum(sorted(share_b[key] for key in both))),
        taste=overlap({k: w for k, (_, w) in artists_a.items()}, {k: w for k, (_, w) in artists_b.items()}),
        hours=hours,
        meeting=meeting,
        shared_artists=len(both),
        shared_tracks=len(both_tracks),
        artists=tuple(SharedArtist(names[key], share_a[key], share_b[key]) for key in shared[:_SHOWN]),
        tracks=tuple(SharedTrack(*tracks_a[key], tracks_b[key][2]) for key in both_tracks[:_SHOWN]),
        a_lends=_lends(share_a, both, names),
        b_lends=_lends(share_b, both, names),
    )


def _side(history: History, label: str, clock: Clock | NotInFile, shared: float) -> Side:
    return Side(
        label, history.total, history.timed, len(history.heard), len(history.first_heard),
        width(history), shared, history.first_day, history.last_day, clock, history.zone.sentence,
    )  # fmt: skip


def _artists(history: History) -> dict[str, tuple[str, int]]:
    """name without case → (name, weight)."""
    out: dict[str, tuple[str, int]] = {}
    for code, weight in history.artist_weight.items():
        if weight:
            name = history.artists[code]
            key = name.strip().casefold()
            out[key] = (min(name, out[key][0]), out[key][1] + weight) if key in out else (name, weight)
    return out


def _tracks(history: History) -> dict[tuple[str, str], tuple[str, str, int]]:
    out: dict[tuple[str, str], tuple[str, str, int]] = {}
    for code, plays in history.track_plays.items():
        if history.tracks[code].artist == NOBODY:
            continue
        artist, title = history.track_name(code)
        key = artist.strip().casefold(), title.strip().casefold()
        out[key] = (artist, title, plays + (out[key][2] if key in out else 0))
    return out


def _shares(artists: Mapping[str, tuple[str, int]]) -> dict[str, float]:
    total = sum(weight for _, weight in artists.values()) or 1
    return {key: weight / total for key, (_, weight) in artists.items()}


def _lends(shares: Mapping[str, float], both: set[str], names: Mapping[str, str]) -> tuple[Lent, ...]:
    own = sorted((key for key in shares if key not in both), key=lambda key: (-shares[key], key))
    return tuple(Lent(names[key], shares[key]) for key in own[:_LENT])


def _hours(a: Clock | NotInFile, b: Clock | NotInFile) -> tuple[float, tuple[int, int]] | tuple[NotInFile, NotInFile]:
    if isinstance(a, NotInFile):
        return a, a
    if isinstance(b, NotInFile):
        return b, b
    cells_a = {(d, h): a.week[d][h] for d in range(7) for h in range(24)}
    cells_b = {(d, h): b.week[d][h] for d in range(7) for h in range(24)}
    together = {cell: min(cells_a[cell] / (a.total or 1), cells_b[cell] / (b.total or 1)) for cell in cells_a}
    if not any(together.values()):
        never = NotInFile("There is no hour of the week in which both have listened.")
        return never, never
    return overlap(cells_a, cells_b), max(together, key=lambda cell: (together[cell], -cell[0], -cell[1]))
