"""The report in a dozen lines, for a terminal. Names are cleaned of whatever a terminal would obey."""

from __future__ import annotations

from .diversity import CONCENTRATION_TOP
from .findings import Findings
from .insight import NotInFile
from .words import WEEKDAYS, amount, clean, date, hour, month, pace, percent, plural, span


def lines(found: Findings) -> list[str]:
    """One sentence a line, the best first; what the file cannot tell is said at the end."""
    h = found.history
    timed = h.timed
    out = [
        f"{amount(h.total, timed)} of music in {span(h.days)}: "
        + (f"{plural(len(h.heard), 'play')}, " if timed else "")
        + f"{plural(found.diversity.artists, 'artist')}, {plural(found.discovery.tracks, 'track')}."
    ]
    if found.tops.artists:
        top = found.tops.artists[0]
        out.append(
            f"Your number one is {clean(top.name)}: {amount(top.value, timed)}, {percent(top.share)} of everything."
        )
    if not isinstance(found.clock, NotInFile):
        day, at = found.clock.peak
        late = f"; {percent(found.clock.late_share)} is after midnight" if found.clock.late_share >= 0.005 else ""
        out.append(f"Your hour is {WEEKDAYS[day]} at {hour(at)}{late}.")
    strongest = found.phases.strongest
    if strongest:
        when = month(strongest.first_month)
        if strongest.last_month > strongest.first_month:
            when += f" to {month(strongest.last_month)}"
        out.append(f"Your strongest phase: {clean(strongest.artist)}, {when}, {percent(strongest.share)} of it all.")
    if found.obsessions.tracks:
        one = found.obsessions.tracks[0]
        out.append(
            f"Your obsession: {clean(one.track)} by {clean(one.artist)}, {one.plays} times in the week of "
            f"{date(one.first_day)}."
        )
    if found.discovery.rate is not None:
        out.append(f"You meet {pace(found.discovery.rate)}.")
    if not isinstance(found.forgotten, NotInFile) and found.forgotten.tracks:
        gone = found.forgotten.tracks[0]
        out.append(
            f"Forgotten: {clean(gone.track)} by {clean(gone.artist)}, {plural(gone.plays, 'play')}, the last on "
            f"{date(gone.last_day)}."
        )
    answers = found.skips.answers
    if not isinstance(answers, NotInFile):
        out.append(f"You skip {percent(answers.overall.share)} of what you play.")
    d = found.diversity
    wide = f"Your taste is as wide as {plural(round(d.effective), 'equal artist')}"
    out.append(f"{wide}; the top ten have {percent(d.top_share)}." if d.artists > CONCENTRATION_TOP else f"{wide}.")
    if not isinstance(found.sessions, NotInFile):
        s = found.sessions
        out.append(f"{plural(s.sessions, 'session')}, {plural(s.median_plays, 'track')} in the middle one.")
    run = found.streaks.longest
    out.append(f"Longest streak: {plural(run.days, 'day')} from {date(run.first_day)}.")
    if found.recap.years:
        fullest = max(found.recap.years, key=lambda y: (y.weight, -y.year))
        out.append(f"Your fullest year was {fullest.year}: {amount(fullest.weight, timed)}.")
    out += _not_told(found)
    out.append(h.zone.sentence)
    return out


def _not_told(found: Findings) -> list[str]:
    answers = (found.clock, found.forgotten, found.skips.answers, found.intent, found.sessions)
    reasons = dict.fromkeys(a.reason for a in answers if isinstance(a, NotInFile))
    return [f"Not in this file: {reason}" for reason in reasons]
