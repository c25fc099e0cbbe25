"""The six functions as a Kedro project."""
