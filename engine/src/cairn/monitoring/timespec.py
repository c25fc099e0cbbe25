"""Parse times as people write them: `24h`, `7d`, `2026-03-01T08:00`, `2026-03-01..2026-03-08`."""

import re
from datetime import UTC, datetime, timedelta

from cairn.errors import InputError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
SPAN = re.compile(r"(\d+) ?([smhdw])")


def parse_span(text: str, where: str) -> timedelta:
    """Parse a span of time such as `90m`, `24h` or `7d`.

    Parameters
    ----------
    text : a whole number and one of s, m, h, d, w
    where : the option or key, such as `--since`, for the message

    Raises
    ------
    InputError : it is not a span, or not above 0
    """
    match = SPAN.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise InputError(f"{where}: {text!r} is not a span of time such as 90m, 24h or 7d")
    try:
        return timedelta(**{UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise InputError(f"{where}: {text} is too long for a calendar") from None


def parse_time(text: str, where: str, now: datetime) -> datetime:
    """Parse a time in UTC: a span counts back from now, and a time without a zone is UTC.

    Parameters
    ----------
    text : such as `24h`, `2026-03-01` or `2026-03-01T08:00+01:00`
    where : the option or key, for the message
    now : the time that a span counts back from

    Raises
    ------
    InputError : it is not a time
    """
    if SPAN.fullmatch(text.strip()):
        try:
            return now - parse_span(text, where)
        except OverflowError:
            raise InputError(f"{where}: {text} ago is before the first year of the calendar") from None
    try:
        time = datetime.fromisoformat(text.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{where}: {text!r} is not a time such as 24h, 2026-03-01 or 2026-03-01T08:00Z") from None


def parse_period(text: str, where: str, since: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Parse two times: `A..B`, or a span that ends where another begins.

    Parameters
    ----------
    text : such as `2026-03-01..2026-03-08` or `7d`
    where : the option or key, for the message
    since : the end of a span
    now : as in `parse_time`

    Raises
    ------
    InputError : it is neither, or ends before it begins
    """
    if ".." not in text:
        return since - parse_span(text, where), since
    first, _, last = text.partition("..")
    start, end = parse_time(first, where, now), parse_time(last, where, now)
    if start >= end:
        raise InputError(f"{where}: {text} ends before it begins")
    return start, end


def to_iso(time: datetime) -> str:
    """Format a time in UTC as ISO 8601, as JSON documents have it."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
