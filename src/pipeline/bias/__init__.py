"""Bias before and after training, for groups of people: facets, measures, and what they say of a model."""
