"""Make a table for the benchmark `tables`: python make_table.py ROWS FILE..., each file in the format of its ending."""

import sys

import duckdb


def main() -> None:
    floats = [f"round(sqrt(-2 * ln(1 - {draw(n)})) * cos(6.283185 * {draw(n + 20)}), 6) AS number{n}" for n in range(7)]
    counts = [f"(hash(i, {n + 40}) % {10 ** (n + 2)})::INTEGER AS count{n}" for n in range(3)]
    levels = [f"'level ' || hash(i, {n + 60}) % {4 * 10**n} AS kind{n}" for n in range(3)]
    columns = ["i AS id", *floats, *counts, *levels, f"({draw(80)} < 0.1)::INTEGER AS target"]
    rows = f"SELECT {', '.join(columns)} FROM range({int(sys.argv[1])}) AS numbers(i)"
    for path in sys.argv[2:]:
        duckdb.sql(f"COPY ({rows}) TO '{path}'")


def draw(column: int) -> str:
    """Spell a number from 0 to 1 for each row, drawn by hash, so that the table is the same everywhere."""
    return f"(hash(i, {column}) % 1000000 / 1000000.0)"


if __name__ == "__main__":
    main()
