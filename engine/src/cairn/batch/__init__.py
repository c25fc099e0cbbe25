"""Score whole files in blocks, so that a file may be larger than memory."""
