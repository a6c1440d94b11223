"""Checks of the kind `music`: does a history look like a person's, and like the service's own file?

Each check penalises a rate outside the range seen in real exports, none but impossible ids refuses alone, and small
histories are penalised little: a hundred plays prove nothing either way. Only songs are judged, podcasts and audiobooks
are not; but what came before a song may be one of them.
"""

from __future__ import annotations

from ...protocols import PPM, CheckResult
from ..listens import Listens
from .clock import clock_checks
from .habits import habit_checks
from .playback import playback_checks
from .sequence import sequence_checks
from .view import PlayView


def run_checks(records: Listens) -> tuple[CheckResult, ...]:
    """Every check's result, in a fixed order."""
    if not len(records):
        return (CheckResult("heard", "quality", PPM, "there is no play"),)
    view = PlayView.of(records)
    songs = view.songs()
    if not len(songs):
        return (CheckResult("heard", "quality", PPM, "there is no song"),)
    return (*clock_checks(songs), *habit_checks(songs), *sequence_checks(view), *playback_checks(view))
