"""The server: predictions over HTTP by the promoted model."""
