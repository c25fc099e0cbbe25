"""Check raw tables with Great Expectations."""
