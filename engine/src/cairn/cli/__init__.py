"""The `cairn` command: one module for each subcommand."""
