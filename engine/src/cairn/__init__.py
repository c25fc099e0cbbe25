"""Cairn: the library that the stages of a tabular machine-learning project call."""
