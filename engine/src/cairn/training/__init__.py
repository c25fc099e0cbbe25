"""Fit what the search found: folds, parts, training, and the rules that check each training."""
