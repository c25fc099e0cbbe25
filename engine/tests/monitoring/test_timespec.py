"""Times as people give them."""

from datetime import UTC, datetime, timedelta

import pytest

from cairn.errors import InputError
from cairn.monitoring import timespec

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"), [("24h", 24), ("7d", 168), ("90m", 1.5), ("2w", 336), ("3600s", 1), (" 6 h ", 6)]
)
def test_a_span_is_a_number_and_a_unit(text, hours):
    assert timespec.parse_span(text, "--since") == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "0d", "d", "1.5h", "-1d", "1y", "99999999999d", "1d1h"])
def test_what_is_no_span_is_refused_with_its_place(text):
    with pytest.raises(InputError, match=r"^--window: ") as refused:
        timespec.parse_span(text, "--window")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", datetime(2026, 3, 7, 12, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T08:30", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01T08:30Z", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01T01:30+02:00", datetime(2026, 2, 28, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_time_or_so_long_ago(text, expected):
    assert timespec.parse_time(text, "--since", NOW) == expected


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "900000d", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment_is_refused_with_its_place(text):
    with pytest.raises(InputError, match=r"^--since: "):
        timespec.parse_time(text, "--since", NOW)


def test_a_reference_is_two_times_or_what_came_just_before():
    since = datetime(2026, 3, 5, tzinfo=UTC)
    first = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    assert timespec.parse_period("2026-03-01..2026-03-04", "--reference", since, NOW) == first
    assert timespec.parse_period("2d", "--reference", since, NOW) == (datetime(2026, 3, 3, tzinfo=UTC), since)


def test_a_reference_that_ends_before_it_begins_is_refused():
    with pytest.raises(InputError, match=r"--reference: 2026-03-04\.\.2026-03-01 ends before it begins"):
        timespec.parse_period("2026-03-04..2026-03-01", "--reference", NOW, NOW)


def test_a_time_is_spelled_in_utc():
    assert timespec.to_iso(datetime.fromisoformat("2026-03-01T01:30:00+02:00")) == "2026-02-28T23:30:00Z"
