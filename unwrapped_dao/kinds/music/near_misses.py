"""What to give instead of a file that people often take for their listening history, told by its name alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

UNFINISHED: Final = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".tmp")
"""How browsers call a file that they are still downloading."""

_SPOTIFY: Final = (
    "This part of Spotify's data has no listening history: ask for the extended streaming history, "
    "`unwrapped-dao export-help spotify` says how."
)
_APPLE: Final = (
    "Not every play is in this table of Apple's: give the whole zip, or `Apple Music Play Activity.csv` out of it."
)
_GOOGLE: Final = (
    "This Takeout has no watch history: choose “YouTube and YouTube Music” and in it the history, as JSON; "
    "`unwrapped-dao export-help youtube-music` says how."
)
_ADVICE: Final = (
    (rf"({'|'.join(map(re.escape, UNFINISHED))})$", "Its download has not finished: wait, or download it again."),
    (r"(^|/)apple music (- |library)|(^|/)apple_media_services", _APPLE),
    (r"(^|/)(userdata|playlist\d*|yourlibrary|identity|identifiers|payments|follow|searchqueries)\.json$", _SPOTIFY),
    (r"(^|/)spotify (account data|technical log information)/", _SPOTIFY),
    (r"(^|/)takeout/|(^|/)archive_browser\.html$|(^|/)music[- ]library[- ]songs\.csv$", _GOOGLE),
    (r"\.xml$", "Tools that export scrobbles offer CSV or JSON, too: choose one of these."),
    (r"\.(xlsx?|ods|numbers)$", "Save the sheet of plays as CSV and give that file."),
)  # fmt: skip


def advice(names: Iterable[str]) -> str | None:
    """The advice for files of these names, of which none holds a history; None where nothing better is known."""
    for pattern, sentence in _ADVICE:
        if any(re.search(pattern, name, re.IGNORECASE) for name in names):
            return sentence
    return None
