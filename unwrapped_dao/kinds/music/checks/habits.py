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
    yield _modal_length(view, tracks)
    whole = sum(1 for ms in view.played_ms if ms and ms % 1000 == 0) / plays
    yield judge("whole-seconds", "authenticity", whole, 0, 0.12, 0.5, plays, "the share of plays of whole seconds")
    distinct = len(set(view.played_ms)) / plays
    yield judge(
        "distinct-lengths",
        "authenticity",
        distinct,
        0.02,
        0.80,
        0.5,
        plays,
        "the share of distinct play lengths",
    )
    unheard = sum(1 for ms in view.played_ms if ms < 30_000) / plays
    yield judge("short-plays", "quality", unheard, 0.005, 0.85, 0.4, plays, "the share of plays under 30 seconds")


def _modal_length(view: PlayView, tracks: Counter[tuple[str, str]]) -> CheckResult:
    """A track played through has one length: of tracks played three times or more, how many plays are at
    the mode?
    """
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
