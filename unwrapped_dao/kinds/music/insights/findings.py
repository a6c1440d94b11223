"""Everything found in one history: each insight's answer, computed once for the page, the card and the notes."""

from __future__ import annotations

from dataclasses import dataclass

from .binges import BINGES, Binges
from .clock import CLOCK, Clock
from .discovery import DISCOVERY, Discovery
from .diversity import DIVERSITY, Diversity
from .forgotten import FORGOTTEN, ForgottenFavourites
from .habits import HABITS, Habits
from .history import History
from .insight import NotInFile
from .intent import INTENT, Intent
from .loyalty import LOYALTY, Loyalty
from .obsessions import OBSESSIONS, Obsessions
from .phases import PHASES, Phases
from .recap import RECAP, Recap
from .sessions import SESSIONS, Sessions
from .skips import SKIPS, Skips
from .streaks import STREAKS, Streaks
from .tops import TOPS, Tops
from .windows import WINDOWS, Windows


@dataclass(frozen=True, slots=True)
class Findings:
    """The answers, by name."""

    history: History
    clock: Clock | NotInFile
    phases: Phases
    obsessions: Obsessions
    discovery: Discovery
    forgotten: ForgottenFavourites | NotInFile
    skips: Skips
    loyalty: Loyalty
    diversity: Diversity
    sessions: Sessions | NotInFile
    recap: Recap
    tops: Tops
    windows: Windows
    streaks: Streaks
    intent: Intent | NotInFile
    binges: Binges
    habits: Habits


def find(history: History) -> Findings:
    """Every insight's answer."""
    return Findings(
        history, CLOCK.of(history), PHASES.of(history), OBSESSIONS.of(history), DISCOVERY.of(history),
        FORGOTTEN.of(history), SKIPS.of(history), LOYALTY.of(history), DIVERSITY.of(history), SESSIONS.of(history),
        RECAP.of(history), TOPS.of(history), WINDOWS.of(history), STREAKS.of(history), INTENT.of(history),
        BINGES.of(history), HABITS.of(history),
    )  # fmt: skip
