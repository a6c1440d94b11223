"""What somebody listens to: favourites, repeats, and the durations that real players leave behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from ...protocols import Axis, CheckResult
from .view import PlayView, fine, judge

_HEARD_OUT: Final = ("", "trackdone")
"""How a play that may have been heard to its end is told to have ended."""


def habit_checks(view: PlayView) -> Iterator[CheckResult]:
    """Loyalty to artists and tracks, and the grain of the milliseconds played."""
    plays = len(view)
    artists = Counter(view.artist)
    top = artists.most_common(1)[0][1] / plays
    yield judge("top-artist", "quality", top, 0.004, 0.5, 0.4, plays, "the top artist's share of plays")
    tracks = Counter(zip(view.artist, view.track, strict=True))
    each = plays / len(tracks)
    # Too few repeats is how random titles look; too many, how an account looks that knows one sound only.
    axis: Axis = "quality" if each > 200 else "authenticity"
    yield judge("repeats", axis, each, 1.12, 200, 0.5, plays, "the number of plays per title")
    lengths, exact = view.lengths, view.exact_lengths
    yield _told(len(lengths), plays)
    yield _modal_length(view, tracks)
    whole = _share(sum(1 for ms in exact if ms and ms % 1000 == 0), len(exact))
    yield judge("whole-seconds", "authenticity", whole, 0, 0.12, 0.5, len(exact), "the share of plays of whole seconds")
    different = len(set(exact))
    # Whoever knows few titles and hears them out has few lengths, and yet about one a title.
    least = 0.02 if different * 2 < len(tracks) else 0.0
    what = "the share of distinct play lengths"
    share = _share(different, len(exact))
    yield judge("distinct-lengths", "authenticity", share, least, 0.80, 0.5, len(exact), what)
    unheard = _share(sum(1 for ms in lengths if ms < 30_000), len(lengths))
    what = "the share of plays under 30 seconds"
    yield judge("short-plays", "quality", unheard, 0.005, 0.85, 0.4, len(lengths), what)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _told(lengths: int, plays: int) -> CheckResult:
    """Scrobbles have no lengths, and are public unless hidden: anybody could have fetched somebody else's."""
    what = "the share of plays whose length is told"
    return judge("told-lengths", "ownership", lengths / plays, 0.5, 1, 0.5, plays, what)


def _modal_length(view: PlayView, tracks: Counter[tuple[str, str]]) -> CheckResult:
    """A track played through has one length: of tracks played three times or more, how many plays are at the mode?

    Plays that are said to have been cut are left out: there are people, a DJ for one, who hear no title to its end.
    """
    lengths: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for artist, track, ms, end in zip(view.artist, view.track, view.played_ms, view.reason_end, strict=True):
        if tracks[artist, track] >= 3 and ms >= 30_000 and end in _HEARD_OUT:
            lengths[artist, track][ms] += 1
    total = sum(sum(found.values()) for found in lengths.values())
    if not total:
        return fine("modal-length", "authenticity")
    modal = sum(top for found in lengths.values() if (top := max(found.values())) > 1)
    return judge(
        "modal-length",
        "authenticity",
        modal / total,
        0.15,
        0.97,
        0.6,
        total,
        "the share of plays at a title's usual length",
    )
