"""Explain predictions: over all rows, by groups, for single rows, and as one column changes."""
