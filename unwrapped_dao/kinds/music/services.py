"""The services whose exports the kind `music` reads, and how each is asked for.

Names are used to say which service is meant, nothing more; none of them is affiliated. A step that moves is one line
here. Sources: the services' public help pages, as far as they say; where no button is documented, that is said.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from ..helpdesk import Service

_WRITTEN: Final = dt.date(2026, 11, 27)
_PLAYS: Final = (
    "the complete history of what I played: start or end time, time played, title, artist, album, identifier of the "
    "recording, and how each play began and ended"
)

SERVICES: Final = (
    Service(
        "spotify", "Spotify", "https://www.spotify.com/account/privacy/", _WRITTEN,
        (
            "Sign in with a browser; the apps do not show this page.",
            "Under “Download your data” tick “Extended streaming history”: your whole life there, and the one that "
            "proves most. “Account data” is the last year only, and comes sooner; you can tick both.",
            "Ask for the data, and confirm by the link in the e-mail: without that nothing is made.",
            "A second e-mail brings the link to a zip.",
        ),
        wait_days=(5, 30), keeps_days=14, asks_for=_PLAYS,
        brings="a zip of JSON files, each play with its length, reasons and id (account data: one year, less detail)",
    ),
    Service(
        "apple-music", "Apple Music", "https://privacy.apple.com/", _WRITTEN,
        (
            "Sign in with your Apple account.",
            "Choose “Request a copy of your data”.",
            "Tick “Apple Media Services information” and nothing else.",
            "Choose the largest file size, so that it is one file, and finish the request.",
            "An e-mail says when it is ready on the same page.",
        ),
        wait_days=(3, 7), keeps_days=14, asks_for=_PLAYS,
        brings="zips inside a zip, with your play activity and the tracks of each day as CSV; they need no unpacking",
    ),
    Service(
        "youtube-music", "YouTube Music", "https://takeout.google.com/", _WRITTEN,
        (
            "Sign in with the account that you listen with, and deselect everything.",
            "Tick “YouTube and YouTube Music”; under “All YouTube data included” keep “history” only.",
            "Under “Multiple formats” choose JSON for the history: the dates of its HTML are written for people, and "
            "not those of every language can be read.",
            "Export once, as a zip: a .tgz has to be unpacked first.",
            "If the history begins too late, tick “My Activity” as well, there “YouTube” only, and again JSON: it "
            "often reaches further back, and plays that both tell count once.",
        ),
        wait_days=(1, 3), keeps_days=7, asks_for=_PLAYS.replace(", time played", ""),
        brings="your watch history as JSON: what and when, without lengths; only while your history was switched on",
    ),
    Service(
        "deezer", "Deezer", "https://www.deezer.com/account", _WRITTEN,
        (
            "In the account's settings look for your personal data, and ask for a copy.",
            "Where you find no button, send the letter.",
            "An e-mail brings a spreadsheet named like deezer-data_1234567890.xlsx.",
        ),
        wait_days=(1, 30), asks_for=_PLAYS, brings="a spreadsheet with a row for each play, lengths in seconds",
    ),
    Service(
        "last.fm", "Last.fm", "https://www.last.fm/settings", _WRITTEN,
        (
            "There is no button for scrobbles: other people's free programs write them to CSV or JSON. They need your "
            "user name, never your password.",
            "Or send the letter.",
        ),
        wait_days=(0, 0), asks_for="all my scrobbles: time, title, artist and album",
        brings="CSV or JSON: what and when, without lengths; public unless you hid it, so it proves less",
    ),
    Service(
        "listenbrainz", "ListenBrainz", "https://listenbrainz.org/settings/export/", _WRITTEN,
        ("Sign in, open the settings, and create an export.", "Come back to the same page for the zip."),
        wait_days=(0, 1), asks_for="all my listens: time, title, artist and release",
        brings="a zip of JSON lines: what and when; only few players tell lengths",
    ),
    Service(
        "maloja", "Maloja", "your own server", _WRITTEN,
        ("It runs on your own server: its administration page has an export, as JSON.",),
        wait_days=(0, 0), asks_for="all my scrobbles: time, title, artist and album",
        brings="one JSON file; lengths where your player sent them",
    ),
)  # fmt: skip
