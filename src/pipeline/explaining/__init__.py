"""Why the model says what it says: over all rows, by groups, for single rows, and as one column changes."""
