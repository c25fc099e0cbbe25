"""What `make bench-quality` runs: how good the models are after the same minutes, ours and the peers'."""
