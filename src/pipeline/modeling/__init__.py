"""Estimators, the search for their parameters, and the folder in which a model is kept."""
