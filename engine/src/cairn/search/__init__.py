"""The search for parameters: study, comparison, ensembles, AutoML."""
