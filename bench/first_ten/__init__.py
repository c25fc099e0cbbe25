"""What `python -m bench.first_ten` runs: the first ten minutes with four templates, counted by one rule."""
