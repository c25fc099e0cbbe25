"""The `cairn` command: what DVC and GTO do not do by themselves."""

import argparse
import importlib
from collections.abc import Sequence
from typing import Any

from cairn import config

DISTRIBUTION = "cairn-tabular"
# The order in which `cairn` lists its commands; one that stands in no group is listed below them.
GROUPS = {
    "the pipeline": ("summary", "why", "sql", "keep", "reset", "recover"),
    "the registry": ("promote", "rollback", "models", "lineage", "audit"),
    "a promoted model": ("serve", "predict", "monitor", "retrain"),
    "the library": ("docs", "own", "upgrade"),
}
# A command is run by the module of its name, but for these, which share one.
SHARED = {"rollback": "promote", "lineage": "models"}


class Commands:
    """The subcommands of the parser, and what the help says of each.

    Parameters
    ----------
    parser : the parser of `cairn`
    """

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._parsers = parser.add_subparsers(
            prog=parser.prog, dest="command", metavar="COMMAND", help=argparse.SUPPRESS
        )
        self.help: dict[str, str] = {}

    def add_parser(self, name: str, *, help: str, **options: Any) -> argparse.ArgumentParser:
        """Add a command; `help` is its line in the list, and its description."""
        self.help[name] = help
        return self._parsers.add_parser(name, description=f"{help[0].upper()}{help[1:]}.", **options)

    def listed(self) -> str:
        """Return the commands in their groups, a line each."""
        grouped = {name for names in GROUPS.values() for name in names}
        others = tuple(name for name in self.help if name not in grouped)
        blocks = []
        for title, names in {**GROUPS, "others": others}.items():
            lines = [f"  {name:<10} {self.help[name]}" for name in names if name in self.help]
            if lines:
                blocks.append("\n".join([f"{title}:", *lines]))
        return "\n\n".join([*blocks, "`cairn COMMAND --help` lists a command's options."])


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run the command that it names; without one, print the help."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return
    config.run(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    """Import the module of the command, which may take a while, and call its `main`."""
    module = SHARED.get(options.command, options.command)
    importlib.import_module(f"cairn.cli.{module}").main(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cairn",
        usage="cairn [--help] [--version] COMMAND ...",
        description="What DVC and GTO do not do by themselves.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version of the library")
    commands = Commands(parser)
    _add_pipeline(commands)
    _add_registry(commands)
    _add_audit(commands)
    _add_retrain(commands)
    _add_serving(commands)
    _add_monitor(commands)
    _add_sql(commands)
    _add_library(commands)
    _add_docs(commands)
    parser.epilog = commands.listed()
    return parser


class _Version(argparse.Action):
    """Print the version, which is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version  # `cairn --help` would pay for it

        print(f"cairn {version(DISTRIBUTION)}")
        parser.exit()


def _add_pipeline(commands: Commands) -> None:
    why = commands.add_parser("why", help="explain why a stage would run: which key, data, code or package changed")
    why.add_argument("stage", nargs="?", help="a stage of dvc.yaml; all of them if left out")
    commands.add_parser("summary", help="print the model's metrics, its gates, and where to look")
    keep = commands.add_parser("keep", help="write what the applied experiment changed as conf/experiment/NAME.yaml")
    keep.add_argument("name", metavar="NAME", help="of the file; letters, digits, - and _")
    keep.add_argument("--default", action="store_true", help="make it what conf/ composes to from now on")
    commands.add_parser("reset", help="drop what the applied experiment changed, so that conf/ alone decides")
    commands.add_parser("recover", help="restore experiments that DVC's queue finished and lost")


def _add_registry(commands: Commands) -> None:
    promote = commands.add_parser("promote", help="register this commit's model as a version, and assign it to a stage")
    promote.add_argument("stage", metavar="STAGE", help="one of conf/registry, such as staging or prod")
    promote.add_argument("--version", help="one that is registered already, such as v0.0.3; left out: the commit's")
    promote.add_argument(
        "--revision", default="HEAD", metavar="REV", help="the commit whose model it is; HEAD if left out"
    )
    promote.add_argument("-m", "--message", metavar="WHY", help="a sentence for those who read the tags later")
    decision = promote.add_mutually_exclusive_group()
    decision.add_argument("--approve", action="store_true", help="approve a version that waits for the stage")
    decision.add_argument("--reject", action="store_true", help="reject a version that waits for the stage")
    rollback = commands.add_parser("rollback", help="point a stage to the version before its current one")
    rollback.add_argument("stage", metavar="STAGE")
    rollback.add_argument("-m", "--message", metavar="WHY", help="a sentence for those who read the tags later")
    models = commands.add_parser("models", help="list the versions, their stages and their figures")
    models.add_argument("--at", metavar="DAY", help="as it was at the end of a day, or at a time (UTC)")
    models.add_argument("--json", action="store_true", help="for a program")
    lineage = commands.add_parser("lineage", help="list what a version was made of: data, parameters, code, figures")
    lineage.add_argument("version", metavar="VERSION", help="such as v0.0.3, as predictions name it; a stage or a tag")


def _add_audit(commands: Commands) -> None:
    audit = commands.add_parser("audit", help="list who did what to the models, and which requests used which version")
    audit.add_argument("--since", metavar="TIME", help="such as 24h, 7d, 2026-03-01 or 2026-03-01T08:00 (UTC)")
    audit.add_argument("--until", metavar="TIME", help="until just before then")
    which = audit.add_mutually_exclusive_group()
    which.add_argument("--stage", help="what was done there, and what concerns the versions that were there")
    which.add_argument("--version", help="what concerns this one")
    which.add_argument("--request", metavar="ID", help="which version answered it, and what that was made of")
    audit.add_argument(
        "--captured", nargs="+", metavar="FOLDER", help="recorded predictions; conf/ says where, if left out"
    )
    audit.add_argument("--format", choices=["table", "csv", "json"], default="table", help="table, if left out")


def _add_retrain(commands: Commands) -> None:
    retrain = commands.add_parser("retrain", help="retrain on new data, and propose what passes its gates as a branch")
    retrain.add_argument(
        "-S",
        "--set",
        action="append",
        default=[],
        metavar="OVERRIDE",
        help="as of `dvc exp run`, such as data.path=new.csv",
    )
    retrain.add_argument("-m", "--message", metavar="WHY", help="a sentence for those who read the branch")


def _add_serving(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="serve a promoted model over HTTP")
    _add_model(serve)
    serve.add_argument(
        "-S", "--set", action="append", metavar="KEY=VALUE", help="a setting of conf/serve, such as port=9000"
    )
    predict = commands.add_parser("predict", help="score a file with a promoted model")
    _add_model(predict)
    predict.add_argument(
        "source", metavar="INPUT", help="CSV, JSON lines, Parquet or Arrow; a path, http(s):// or s3://"
    )
    predict.add_argument("output", metavar="OUTPUT", help="of a format of these, told by its ending; a path or s3://")
    predict.add_argument("--bad-rows", choices=["refuse", "aside"], default="refuse", help="refuse, if left out")
    predict.add_argument(
        "--keep", default="all", metavar="COLUMNS", help="of the input, such as id,day; all if left out, or none"
    )


def _add_sql(commands: Commands) -> None:
    sql = commands.add_parser("sql", help="query the tables in SQL: those here, or those of a version or an experiment")
    sql.add_argument("query", nargs="?", metavar="QUERY", help="such as 'from test limit 5'; left out: list the tables")
    sql.add_argument(
        "--rev", help="whose tables: a stage, a version, an experiment or a revision of git; those here if left out"
    )
    sql.add_argument("--format", choices=["table", "csv", "json"], default="table", help="table, if left out")


def _add_library(commands: Commands) -> None:
    commands.add_parser("own", help="copy the library's source to src/cairn, to change it")
    upgrade = commands.add_parser("upgrade", help="take a newer wheel of the library into vendor/")
    upgrade.add_argument("wheel", metavar="WHEEL", help="a cairn_tabular-X.Y.Z-py3-none-any.whl")
    upgrade.add_argument("--force", action="store_true", help="take an older version, too")


def _add_docs(commands: Commands) -> None:
    docs = commands.add_parser("docs", help="show a how-to page, or list them")
    docs.add_argument("page", nargs="?", metavar="PAGE", help="such as search; left out: list the pages")
    docs.add_argument("--html", action="store_true", help="print the path of the page as HTML, and open it")


def _add_model(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--stage", help="what this stage points to; a server follows it")
    which.add_argument("--version", help="this version")
    which.add_argument("--path", help="the model in this folder, such as models/model")


def _add_monitor(commands: Commands) -> None:
    monitor = commands.add_parser("monitor", help="compare recorded predictions with what the model was trained on")
    _add_model(monitor)
    said = "what conf/monitor says, if left out"
    monitor.add_argument("--since", metavar="TIME", help=f"such as 24h, 7d or 2026-03-01T08:00 (UTC); {said}")
    monitor.add_argument("--until", metavar="TIME", help="likewise; now, if left out")
    monitor.add_argument("--window", help=f"what is judged together: 6h, 1d, or a number of rows; {said}")
    monitor.add_argument("--captured", nargs="+", metavar="FOLDER", help=f"paths, or s3://; {said}")
    monitor.add_argument("--labels", metavar="TABLE", help=f"the truth, a path or an address; {said}")
    monitor.add_argument("--labels-key", metavar="COLUMN", help=f"what joins it; {said}")
    monitor.add_argument(
        "--reference",
        metavar="TIME",
        help="recorded predictions to compare with: 7d, or A..B; the baseline if left out",
    )
    monitor.add_argument("--output", metavar="FOLDER", help="for what is written; reports, if left out")
    monitor.add_argument("--exit-zero", action="store_true", help="end with 0 although there is an alarm, not with 3")


if __name__ == "__main__":
    main()
