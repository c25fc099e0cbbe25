"""Estimators, their families, and the folder in which a model is saved."""
