"""The `cairn` command: what DVC and GTO do not say by themselves."""

import argparse
from collections.abc import Sequence

from pipeline import config


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run the command that it names."""
    options = _parser().parse_args(arguments)
    config.run(lambda: options.command(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cairn", description="What DVC and GTO do not say by themselves.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    why = commands.add_parser("why", help="say why a stage would run: which key, which data, which code")
    why.add_argument("stage", nargs="?", help="a stage of dvc.yaml; all of them if left out")
    why.set_defaults(command=_why)
    summary = commands.add_parser("summary", help="print how good the model is, and where to look")
    summary.set_defaults(command=_summary)
    keep = commands.add_parser("keep", help="write what the applied experiment changed as conf/experiment/NAME.yaml")
    keep.add_argument("name", metavar="NAME", help="of the file; letters, digits, - and _")
    keep.add_argument("--default", action="store_true", help="make it what conf/ composes to from now on")
    keep.set_defaults(command=_keep)
    return parser


def _why(options: argparse.Namespace) -> None:
    from pipeline.why import describe, why

    print(describe(why(options.stage)))


def _summary(options: argparse.Namespace) -> None:
    from pipeline.summary import summary

    print(summary())


def _keep(options: argparse.Namespace) -> None:
    from pipeline.keep import keep

    print(keep(options.name, default=options.default))


if __name__ == "__main__":
    main()
