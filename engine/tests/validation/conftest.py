"""A raw table of people, for the tests of expectations."""

import duckdb
import pytest

PEOPLE = """
    SELECT i AS id, 20 + i % 40 AS age, ['Oslo', 'Rome', 'Bern'][1 + i % 3] AS city,
        CASE WHEN i % 10 = 0 THEN NULL ELSE i / 8.0 END AS income,
        TIMESTAMP '2024-03-01' + to_hours(i::INTEGER) AS seen_at, DATE '2024-03-01' + i::INTEGER % 300 AS born_on,
        md5(i::VARCHAR) AS note, i % 4 = 0 AS bought
    FROM range(200) AS r(i)
"""


@pytest.fixture
def people():
    """Give the query that makes the table."""
    return PEOPLE


@pytest.fixture
def raw(tmp_path):
    """Give a folder of raw tables that holds people.parquet."""
    folder = tmp_path / "raw"
    folder.mkdir()
    duckdb.sql(PEOPLE).write_parquet(str(folder / "people.parquet"))
    return folder
