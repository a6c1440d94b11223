"""What a buyer gets: the rows of many members as Parquet with a written schema, splits, checksums, a data card and
a risk report. `build(...)` makes a `Dataset` from opened envelopes; members appear under pseudonyms of this release.
"""

from __future__ import annotations

from .build import Dataset, Rejected, build, build_opened
from .opened import Checked, Opened, Spool
from .release import Release
from .risk import RiskReport

__all__ = ["Checked", "Dataset", "Opened", "Rejected", "Release", "RiskReport", "Spool", "build", "build_opened"]
