"""Make recorded predictions for the benchmark `monitor`: python make_captured.py ROWS FOLDER.

FOLDER gets table.parquet, 100,000 rows x 20 columns with a time and a target, captured/, the rows in the form of
`cairn serve`: files of 10,000 rows over 30 days, and labels.parquet, what came true of each.
"""

import sys
from pathlib import Path

import duckdb

FILE = 10_000
DAYS = 30
SECONDS = DAYS * 86_400


def main() -> None:
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True)
    duckdb.execute("SET TimeZone = 'UTC'")
    listed = ", ".join(f"{value} AS {name}" for name, value in features().items())
    target = f"({draw(80)} < 0.3)::INTEGER AS target"
    table = f"SELECT i AS id, {moment(1e5, '2025-01-01', 365 * 86_400)} AS at, {listed}, {target}"
    duckdb.execute(f"COPY ({table} FROM range(100_000) AS numbers(i)) TO '{folder}/table.parquet'")
    inputs = ", ".join(f"{name} := ({value})::{kind(name)}" for name, value in features().items())
    captured = f"""
        SELECT md5(i::VARCHAR) AS request_id, {moment(rows, "2026-03-01", SECONDS)}::TIMESTAMPTZ AS time,
        {draw(90)} / 100 AS seconds, NULL::VARCHAR AS version, 0::INTEGER AS row, struct_pack({inputs}) AS inputs,
        ({draw(91)} < 0.3)::INTEGER AS prediction, [1 - {draw(91)}, {draw(91)}] AS probabilities
    """
    truth = f"SELECT md5(i::VARCHAR) AS request_id, ({draw(80)} < 0.3)::INTEGER AS target"
    duckdb.execute(f"COPY ({truth} FROM range({rows}) AS numbers(i)) TO '{folder}/labels.parquet'")
    for number, first in enumerate(range(0, rows, FILE)):
        day = folder / "captured" / f"date=2026-03-{1 + first * DAYS // rows:02}"
        day.mkdir(parents=True, exist_ok=True)
        last = min(first + FILE, rows)
        goal = day / f"120000-7-{number:06}.parquet"
        duckdb.execute(f"COPY ({captured} FROM range({first}, {last}) AS numbers(i)) TO '{goal}'")


def features() -> dict[str, str]:
    """Give 20 columns as expressions of a row's number `i`: 12 floats, 3 counts, 3 categories, a flag and a day."""
    floats = {
        f"number{n}": f"round(sqrt(-2 * ln(1 - {draw(n)})) * cos(6.283185 * {draw(n + 20)}), 6)" for n in range(12)
    }
    counts = {f"count{n}": f"(hash(i, {n + 40}) % {10 ** (n + 1)})::DOUBLE" for n in range(3)}
    levels = {f"kind{n}": f"'level ' || hash(i, {n + 60}) % {4 * 5**n}" for n in range(3)}
    day = f"('2024-01-01'::DATE + ({draw(70)} * 300)::INTEGER)::TIMESTAMP"
    return {**floats, **counts, **levels, "flag": f"{draw(65)} < 0.4", "day": day}


def draw(column: int) -> str:
    """Spell a number from 0 to 1 for each row, drawn by hash, so that the table is the same everywhere."""
    return f"(hash(i, {column}) % 1000000 / 1000000.0)"


def moment(rows: float, start: str, seconds: int) -> str:
    """Spell a time for each row: one after the other, spread evenly."""
    return f"('{start}'::TIMESTAMP + to_microseconds((i * {seconds * 1e6} / {rows})::BIGINT))"


def kind(name: str) -> str:
    """Say what the server writes for a column."""
    if name.startswith(("number", "count")):
        return "DOUBLE"
    return "BOOLEAN" if name == "flag" else "VARCHAR"


if __name__ == "__main__":
    main()
