"""Why the model predicts what it predicts: over all rows, by groups, for single rows, and as one column changes."""
