"""Getting one's own data out of a service: dated steps, a calendar reminder, a letter that asks for access.

Pure: the day is given, nothing is sent, no name of a person is known here. A kind that has `services` offers them.

Not here: what a file holds once it has come (that is a kind's sources), and legal advice.
"""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MONTH_OF_THE_LAW: Final = "GDPR Article 12(3)"
_LINE_OCTETS: Final = 75  # RFC 5545, section 3.1
_PRODID: Final = "-//unwrapped-dao//export help//EN"


@dataclass(frozen=True, slots=True)
class Service:
    """One service and how its export is asked for, as its public pages told on the day `written`.

    `wait_days` is how long it takes at best and at worst; `keeps_days` how long the download stays there, 0 if that
    is not said.
    """

    name: str
    title: str
    page: str
    written: dt.date
    steps: tuple[str, ...]
    wait_days: tuple[int, int]
    brings: str
    asks_for: str
    keeps_days: int = 0

    @property
    def wait(self) -> str:
        """`at once`, `within a day`, `up to 7 days`, `5 to 30 days`."""
        best, worst = self.wait_days
        if worst <= 1:
            return "within a day" if worst else "at once"
        return f"up to {worst} days" if best <= 1 else f"{best} to {worst} days"


def long_date(day: dt.date) -> str:
    """`1 December 2026`."""
    return f"{day.day} {day:%B %Y}"


def month_later(day: dt.date) -> dt.date:
    """The same day of the next month, or its last one."""
    year, month = divmod(day.year * 12 + day.month, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def steps(service: Service, on: dt.date) -> list[str]:
    """What to do, for a person who asks on the day `on`."""
    best, worst = service.wait_days
    out = [f"{service.title}: {service.brings}", f"Begin at {service.page}"]
    out += [f"  {number}. {step}" for number, step in enumerate(service.steps, start=1)]
    out.append(f"It comes {service.wait} after you ask.")
    if worst:
        first, last = on + dt.timedelta(days=best), on + dt.timedelta(days=worst)
        span = f"by {long_date(last)}" if best <= 1 else f"between {long_date(first)} and {long_date(last)}"
        out.append(f"Asked on {long_date(on)}, it should be there {span}.")
    if service.keeps_days:
        out.append(f"The download stays there for {service.keeps_days} days: fetch it when the message comes.")
    out += [
        "Keep the file as it comes, unopened; what it is called does not matter.",
        f"These steps were written down on {long_date(service.written)}; services move their pages.",
        "",
        "While you wait: join with `unwrapped-dao member join`; the number you get stays yours, and you vote once you "
        "have contributed.",
        "Look at what will come: `unwrapped-dao samples`, then `unwrapped-dao insights` on one of them.",
        "When it is there: `unwrapped-dao export-summary FILE`; if that cannot read it, `unwrapped-dao export-schema "
        "FILE` shows its keys and types without any value, to send to whoever can help.",
    ]
    return out


def letter(service: Service, on: dt.date) -> str:
    """A request for access and portability, with places for what only the sender knows."""
    return f"""\
[Your name]
[The e-mail address of your account]

To the data protection officer of {service.title}
[The address is in the service's privacy policy]

{long_date(on)}

Access to my personal data, and a copy in a machine-readable format

Dear Sir or Madam,

I have an account with your service under the e-mail address above. Under Article 15(1) and (3) and Article 20(1) of
Regulation (EU) 2016/679 (GDPR), I ask you for a copy of the personal data that concern me, and in particular for

{textwrap.indent(textwrap.fill(service.asks_for, 100), "    ")}

for the whole life of the account, not only for the last twelve months, in a structured, commonly used and
machine-readable format such as JSON or CSV, with an explanation of the fields.

Please send it by electronic means (Article 15(3)), without undue delay and in any event within one month of receipt
(Article 12(3)), free of charge (Article 12(5)). If you hold no such data, please confirm that. Should you have
reasonable doubts about my identity, tell me which additional information you need (Article 12(6)); being signed in to
my account is, I believe, proof enough.

Yours faithfully,

[Your name]
"""


def reminders(service: Service, on: dt.date) -> Iterator[tuple[dt.date, str, str]]:
    """(day, summary, description) of what to remember."""
    best, worst = service.wait_days
    if worst:
        yield (
            on + dt.timedelta(days=max(1, best)),
            f"Is the export from {service.title} there?",
            f"Asked for on {on}. Look for its message, the spam folder included. It takes {service.wait}."
            + (f" The download stays for {service.keeps_days} days." if service.keeps_days else ""),
        )
    yield (
        month_later(on),
        f"A month since the export from {service.title} was asked for",
        f"If nothing came, {MONTH_OF_THE_LAW} gives the service one month: send the letter of "
        f"`unwrapped-dao export-help {service.name}`, or write to your data protection authority.",
    )


def reminder_calendar(service: Service, on: dt.date) -> str:
    """The reminders as an iCalendar file (RFC 5545): whole days, an alarm at nine, the same bytes for the same day."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODID}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for day, summary, description in reminders(service, on):
        mark = hashlib.sha256(f"{service.name}/{on}/{day}".encode()).hexdigest()[:32]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{mark}@unwrapped-dao.invalid",
            f"DTSTAMP:{on:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + dt.timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(summary)}",
            f"DESCRIPTION:{_text(description)}",
            "TRANSP:TRANSPARENT",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "TRIGGER:PT9H",
            f"DESCRIPTION:{_text(summary)}",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _text(value: str) -> str:
    """A TEXT value (RFC 5545, section 3.3.11)."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, each but the first led by a space; no character is cut."""
    pieces, piece, size = [], "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > _LINE_OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += char
        size += octets
    return "\r\n".join([*pieces, piece])
