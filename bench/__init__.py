"""What `make bench` runs: how fast and how large, beside peers and limits."""
