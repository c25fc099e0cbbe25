"""Features from raw tables, in SQL."""
