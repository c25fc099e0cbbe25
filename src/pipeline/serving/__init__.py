"""The server: what was promoted, asked row by row over HTTP."""
