"""Insights: what a member gets from their own listening file, offline and without an account.

`write_report(listens, folder)` writes a page, a card to share and notes for one's own model;
`highlights(listens)` gives the same in a dozen lines; each of `INSIGHTS` can be computed alone.
"""

from __future__ import annotations

from typing import Any, Final

from .binges import BINGES
from .clock import CLOCK
from .comparison import Comparison, compare
from .discovery import DISCOVERY
from .diversity import DIVERSITY
from .forgotten import FORGOTTEN
from .habits import HABITS
from .history import History
from .insight import HistoryInsight, Insight, NotInFile
from .intent import INTENT
from .loyalty import LOYALTY
from .obsessions import OBSESSIONS
from .phases import PHASES
from .recap import RECAP
from .sessions import SESSIONS
from .skips import SKIPS
from .streaks import STREAKS
from .tops import TOPS, Tops, tops
from .windows import WINDOWS
from .writing import ReportFiles, highlights, write_comparison, write_report

INSIGHTS: Final[tuple[HistoryInsight[Any], ...]] = (
    CLOCK, PHASES, OBSESSIONS, DISCOVERY, FORGOTTEN, SKIPS, LOYALTY, DIVERSITY, SESSIONS, RECAP,
    TOPS, WINDOWS, STREAKS, INTENT, BINGES, HABITS,
)  # fmt: skip

__all__ = [
    "INSIGHTS", "Comparison", "History", "HistoryInsight", "Insight", "NotInFile", "ReportFiles", "Tops", "compare",
    "highlights", "tops", "write_comparison", "write_report",
]  # fmt: skip
