"""Steps, reminder and letter: dated, valid iCalendar, one help for each source, and nothing personal in them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unwrapped_dao import kinds
from unwrapped_dao.errors import NotFoundError
from unwrapped_dao.kinds import helpdesk
from unwrapped_dao.kinds.helpdesk import Service

SERVICES = kinds.services()
DAY = dt.date(2027, 1, 31)


def unfolded(text: str) -> list[tuple[str, str]]:
    """Content lines as (name, value), after every rule of RFC 5545 3.1 that a line can break."""
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    for line in text.split("\r\n")[:-1]:
        assert line and len(line.encode()) <= 75, line
    lines = text.replace("\r\n ", "").split("\r\n")[:-1]
    found = [re.fullmatch(r"([A-Z-]+(?:;[A-Z-]+=[A-Z-]+)*):(.*)", line) for line in lines]
    assert all(found), lines
    return [(match[1], match[2]) for match in found if match]


def components(lines: list[tuple[str, str]]) -> list[tuple[str, dict[str, str]]]:
    """(path, properties) of every component; each property once, every end with its begin."""
    out: list[tuple[str, dict[str, str]]] = []
    path: list[str] = []
    for name, value in lines:
        if name == "BEGIN":
            path.append(value)
            out.append((".".join(path), {}))
        elif name == "END":
            assert path.pop() == value
        else:
            here = next(found for where, found in reversed(out) if where == ".".join(path))
            assert name not in here, name
            here[name] = value
    assert path == []
    return out


def check_calendar(text: str, days: list[dt.date]) -> None:
    parts = components(unfolded(text))
    head = parts[0][1]
    assert parts[0][0] == "VCALENDAR" and head["VERSION"] == "2.0" and head["PRODID"]
    events = [found for where, found in parts if where == "VCALENDAR.VEVENT"]
    assert [event["DTSTART;VALUE=DATE"] for event in events] == [f"{day:%Y%m%d}" for day in days]
    assert len({event["UID"] for event in events}) == len(events)
    for event in events:
        assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTAMP"]) and event["SUMMARY"]
        assert event["DTEND;VALUE=DATE"] > event["DTSTART;VALUE=DATE"]
        for text_property in ("SUMMARY", "DESCRIPTION"):
            assert not re.search(r"(?<!\\)[,;]", event[text_property].replace("\\\\", "")), event[text_property]
    alarms = [found for where, found in parts if where == "VCALENDAR.VEVENT.VALARM"]
    assert len(alarms) == len(events)
    assert all({"ACTION", "TRIGGER", "DESCRIPTION"} <= alarm.keys() for alarm in alarms)


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_reminders_are_valid_and_on_the_days_that_the_steps_name(service: Service) -> None:
    text = helpdesk.reminder_calendar(service, DAY)
    days = [day for day, _, _ in helpdesk.reminders(service, DAY)]
    check_calendar(text, days)
    assert days[-1] == dt.date(2027, 2, 28), "a month from 31 January ends in February"
    assert text == helpdesk.reminder_calendar(service, DAY), (
        "the same day gives the same bytes: importing again adds nothing"
    )


@given(
    st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=90),
    st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)),
)
def test_whatever_a_service_is_called_the_calendar_stays_valid(title: str, day: dt.date) -> None:
    service = Service("x", title, "p", DAY, ("s",), (2, 9), "b", "a", keeps_days=3)
    text = helpdesk.reminder_calendar(service, day)
    check_calendar(text, [day + dt.timedelta(days=2), helpdesk.month_later(day)])


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_letter_names_the_articles_and_leaves_places_for_what_is_personal(service: Service) -> None:
    text = helpdesk.letter(service, DAY)
    for needed in ("Article 15(1) and (3)", "Article 20(1)", "12(3)", "31 January 2027", service.title, "[Your name]"):
        assert needed in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_steps_are_dated_and_tell_how_to_join_meanwhile(service: Service) -> None:
    told = "\n".join(helpdesk.steps(service, DAY))
    assert helpdesk.long_date(service.written) in told and service.page in told
    assert "member join" in told and "export-schema" in told
    if service.wait_days[1]:
        assert helpdesk.long_date(DAY + dt.timedelta(days=service.wait_days[1])) in told


def test_every_source_that_can_be_read_has_a_service_and_none_is_called_twice() -> None:
    plain = {name.replace(".", "").replace("-", "") for name in SERVICES}
    for source in kinds.get("music").sources:
        assert any(source.name.replace("-", "").startswith(name) for name in plain), source.name


@pytest.mark.parametrize("written", ["apple-music", "Apple Music", "APPLEMUSIC", "apple music"])
def test_services_are_found_however_they_are_written(written: str) -> None:
    assert kinds.service(written).name == "apple-music"


@pytest.mark.parametrize("written", ["", "napster", "spot", "spotify/../deezer"])
def test_other_services_are_not_found_and_the_known_are_named(written: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        kinds.service(written)
    assert "spotify" in caught.value.hint
