"""What somebody listens to: favourites, repeats, and the durations that real players leave behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from ...protocols import CheckResult
from .view import PlayView, fine, judge


def habit_checks(view: PlayView) -> Iterator[CheckResult]:
    """Loyalty to artists and tracks, and the grain of the milliseconds played."""
    plays = len(view)
    artists = Counter(view.artist)
    top = artists.most_common(1)[0][1] / plays
    yield judge("top-artist", "quality", top, 0.004, 0.5, 0.4, plays, "the top artist's share of plays")
    tracks = Counter(zip(view.artist, view.track, strict=True))
    yield judge("repeats", "authenticity", plays / len(tracks), 1.12, 200, 0.5, plays, "the number of plays per title")
    lengths, exact = view.lengths, view.exact_lengths
    yield _told(len(lengths), plays)
    yield _modal_length(view, tracks)
    whole = _share(sum(1 for ms in exact if ms and ms % 1000 == 0), len(exact))
    yield judge("whole-seconds", "authenticity", whole, 0, 0.12, 0.5, len(exact), "the share of plays of whole seconds")
    distinct = _share(len(set(exact)), len(exact))
    what = "the share of distinct play lengths"
    yield judge("distinct-lengths", "authenticity", distinct, 0.02, 0.80, 0.5, len(exact), what)
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
    """A track played through has one length: of tracks played three times or more, how many plays are at the mode?"""
    lengths: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for artist, track, ms in zip(view.artist, view.track, view.played_ms, strict=True):
        if tracks[artist, track] >= 3 and ms >= 30_000:
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
