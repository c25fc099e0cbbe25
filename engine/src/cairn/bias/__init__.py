"""Bias before and after training, for groups of people: facets, measures, audit."""
