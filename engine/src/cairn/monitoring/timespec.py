"""Times as people give them: `24h`, `7d`, `2026-03-01T08:00`, `2026-03-01..2026-03-08`."""

import re
from datetime import UTC, datetime, timedelta

from cairn.errors import InputError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
SPAN = re.compile(r"(\d+) ?([smhdw])")


def span(text: str, where: str) -> timedelta:
    """Read a span such as `90m`, `24h` or `7d`.

    Parameters
    ----------
    text : a whole number and one of s, m, h, d, w
    where : what it was given for, such as `--since`, for the message

    Raises
    ------
    InputError : it is none, or not above 0
    """
    found = SPAN.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise InputError(f"{where}: {text!r} is no span of time such as 90m, 24h or 7d")
    try:
        return timedelta(**{UNITS[found[2]]: int(found[1])})
    except OverflowError:
        raise InputError(f"{where}: {text} is longer than a calendar can say") from None


def moment(text: str, where: str, now: datetime) -> datetime:
    """Read a time in UTC: a span counts back from now, and what names no zone is UTC.

    Parameters
    ----------
    text : such as `24h`, `2026-03-01` or `2026-03-01T08:00+01:00`
    where : what it was given for, for the message
    now : when that is

    Raises
    ------
    InputError : it is no time
    """
    if SPAN.fullmatch(text.strip()):
        try:
            return now - span(text, where)
        except OverflowError:
            raise InputError(f"{where}: {text} ago is before all calendars") from None
    try:
        read = datetime.fromisoformat(text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{where}: {text!r} is no time such as 24h, 2026-03-01 or 2026-03-01T08:00Z") from None


def between(text: str, where: str, since: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Read two times: `A..B`, or a span that ends where another begins.

    Parameters
    ----------
    text : such as `2026-03-01..2026-03-08` or `7d`
    where : what it was given for, for the message
    since : where a span ends
    now : when that is

    Raises
    ------
    InputError : it is neither, or ends before it begins
    """
    if ".." not in text:
        return since - span(text, where), since
    first, _, last = text.partition("..")
    start, end = moment(first, where, now), moment(last, where, now)
    if start >= end:
        raise InputError(f"{where}: {text} ends before it begins")
    return start, end


def said(time: datetime) -> str:
    """Spell a time as JSON has it, in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
