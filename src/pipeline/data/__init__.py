"""Where rows come from and how they become features and parts: tables in DuckDB, out of core."""
