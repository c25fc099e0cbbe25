"""Run the command line as `python -m cairn`."""

from cairn.cli.main import main

if __name__ == "__main__":
    main()
