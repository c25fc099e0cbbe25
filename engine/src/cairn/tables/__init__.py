"""Read, split, profile and query tables: DuckDB, out of core."""
