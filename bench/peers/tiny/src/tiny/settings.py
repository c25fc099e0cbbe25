"""Kedro asks for this file; its defaults suit."""
