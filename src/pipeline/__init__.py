"""The project's own code: the stages that DVC runs, and your own sources, features, models and metrics."""
