"""The one package of the project: stages that DVC runs, and the rooms of functions that they call."""
