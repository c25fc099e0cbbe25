"""How good a model is: metrics with intervals, slices, decisions, curves and gates."""
