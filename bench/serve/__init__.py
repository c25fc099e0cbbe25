"""What `make bench-serve` runs: the server beside other servers, with the same model and the same requests."""
