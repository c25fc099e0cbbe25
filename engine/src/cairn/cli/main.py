"""The `cairn` command: what DVC and GTO do not say by themselves."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cairn import config

Commands = Any  # what add_subparsers gives, a class that argparse does not name


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run the command that it names."""
    options = _parser().parse_args(arguments)
    config.run(lambda: options.command(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cairn", description="What DVC and GTO do not say by themselves.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_pipeline(commands)
    _add_registry(commands)
    _add_audit(commands)
    _add_retrain(commands)
    _add_serving(commands)
    _add_monitor(commands)
    _add_sql(commands)
    _add_library(commands)
    _add_docs(commands)
    return parser


def _add_pipeline(commands: Commands) -> None:
    why = commands.add_parser("why", help="say why a stage would run: which key, which data, which code")
    why.add_argument("stage", nargs="?", help="a stage of dvc.yaml; all of them if left out")
    why.set_defaults(command=_why)
    summary = commands.add_parser("summary", help="print how good the model is, and where to look")
    summary.set_defaults(command=_summary)
    keep = commands.add_parser("keep", help="write what the applied experiment changed as conf/experiment/NAME.yaml")
    keep.add_argument("name", metavar="NAME", help="of the file; letters, digits, - and _")
    keep.add_argument("--default", action="store_true", help="make it what conf/ composes to from now on")
    keep.set_defaults(command=_keep)
    reset = commands.add_parser("reset", help="drop what the applied experiment changed, so that conf/ alone decides")
    reset.set_defaults(command=_reset)
    recover = commands.add_parser("recover", help="bring back experiments that ended well in DVC's queue and got lost")
    recover.set_defaults(command=_recover)


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
    promote.set_defaults(command=_promote)
    rollback = commands.add_parser("rollback", help="point a stage to the version before its current one")
    rollback.add_argument("stage", metavar="STAGE")
    rollback.add_argument("-m", "--message", metavar="WHY", help="a sentence for those who read the tags later")
    rollback.set_defaults(command=_rollback)
    models = commands.add_parser("models", help="list the versions, their stages and their figures")
    models.add_argument("--at", metavar="DAY", help="as it was at the end of a day, or at a time (UTC)")
    models.add_argument("--json", action="store_true", help="for a program")
    models.set_defaults(command=_models)
    lineage = commands.add_parser("lineage", help="say what a version was made of: data, parameters, code, figures")
    lineage.add_argument("version", metavar="VERSION", help="such as v0.0.3, as predictions name it; a stage or a tag")
    lineage.set_defaults(command=_lineage)


def _add_audit(commands: Commands) -> None:
    audit = commands.add_parser("audit", help="say who did what to the models, and which requests used which version")
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
    audit.set_defaults(command=_audit)


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
    retrain.set_defaults(command=_retrain)


def _add_serving(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="answer requests by what is promoted")
    _add_model(serve)
    serve.add_argument(
        "-S", "--set", action="append", metavar="KEY=VALUE", help="a setting of conf/serve, such as port=9000"
    )
    serve.set_defaults(command=_serve)
    predict = commands.add_parser("predict", help="score a file by what is promoted")
    _add_model(predict)
    predict.add_argument(
        "source", metavar="INPUT", help="CSV, JSON lines, Parquet or Arrow; a path, http(s):// or s3://"
    )
    predict.add_argument("output", metavar="OUTPUT", help="of a format of these, told by its ending; a path or s3://")
    predict.add_argument("--bad-rows", choices=["refuse", "aside"], default="refuse", help="refuse, if left out")
    predict.add_argument(
        "--keep", default="all", metavar="COLUMNS", help="of the input, such as id,day; all if left out, or none"
    )
    predict.set_defaults(command=_predict)


def _add_sql(commands: Commands) -> None:
    sql = commands.add_parser("sql", help="ask the tables by SQL: those here, or those of a version or an experiment")
    sql.add_argument("query", nargs="?", metavar="QUERY", help="such as 'from test limit 5'; left out: list the tables")
    sql.add_argument(
        "--rev", help="whose tables: a stage, a version, an experiment or a revision of git; those here if left out"
    )
    sql.add_argument("--format", choices=["table", "csv", "json"], default="table", help="table, if left out")
    sql.set_defaults(command=_sql)


def _add_library(commands: Commands) -> None:
    own = commands.add_parser("own", help="copy the library's source to src/cairn, to change it")
    own.set_defaults(command=_own)
    upgrade = commands.add_parser("upgrade", help="take a newer wheel of the library into vendor/")
    upgrade.add_argument("wheel", metavar="WHEEL", help="a cairn_tabular-X.Y.Z-py3-none-any.whl")
    upgrade.add_argument("--force", action="store_true", help="take an older version, too")
    upgrade.set_defaults(command=_upgrade)


def _add_docs(commands: Commands) -> None:
    docs = commands.add_parser("docs", help="show a how-to page, or list them")
    docs.add_argument("page", nargs="?", metavar="PAGE", help="such as search; left out: list the pages")
    docs.add_argument("--html", action="store_true", help="print the path of the page as HTML, and open it")
    docs.set_defaults(command=_docs)


def _add_model(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--stage", help="what this stage points to; a server follows it")
    which.add_argument("--version", help="this version")
    which.add_argument("--path", help="the model in this folder, such as models/model")


def _add_monitor(commands: Commands) -> None:
    monitor = commands.add_parser("monitor", help="hold recorded predictions against what the model was made from")
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
    monitor.set_defaults(command=_monitor)


def _why(options: argparse.Namespace) -> None:
    from cairn.cli.why import describe, why

    print(describe(why(options.stage)))


def _summary(options: argparse.Namespace) -> None:
    from cairn.cli.summary import summary

    print(summary())


def _keep(options: argparse.Namespace) -> None:
    from cairn.cli.keep import keep

    print(keep(options.name, default=options.default))


def _reset(_: argparse.Namespace) -> None:
    from cairn.cli.reset import reset

    print(reset())


def _recover(_: argparse.Namespace) -> None:
    from cairn.cli.recover import recover

    print(recover())


def _promote(options: argparse.Namespace) -> None:
    from cairn.cli.promote import decide, promote

    if options.approve or options.reject:
        print(decide(options.stage, approve=options.approve, version=options.version, why=options.message))
    else:
        print(promote(options.stage, version=options.version, revision=options.revision, why=options.message))


def _rollback(options: argparse.Namespace) -> None:
    from cairn.cli.promote import rollback

    print(rollback(options.stage, why=options.message))


def _models(options: argparse.Namespace) -> None:
    from cairn.cli.models import models

    print(models(at=options.at, as_json=options.json))


def _lineage(options: argparse.Namespace) -> None:
    from cairn.cli.models import lineage

    print(lineage(options.version), end="")


def _audit(options: argparse.Namespace) -> None:
    from cairn.cli.audit import audit

    audit(
        since=options.since,
        until=options.until,
        stage=options.stage,
        version=options.version,
        request=options.request,
        captured=options.captured,
        form=options.format,
    )


def _retrain(options: argparse.Namespace) -> None:
    from cairn.cli.retrain import retrain

    settings = config.read_yaml(config.PARAMS)["monitor"]["retrain"]
    print(retrain(given=options.set, why=options.message, settings=settings))


def _serve(options: argparse.Namespace) -> None:
    from cairn.cli.serve import serve

    serve(stage=options.stage, version=options.version, path=options.path, given=options.set)


def _predict(options: argparse.Namespace) -> None:
    from cairn.cli.predict import predict

    print(
        predict(
            options.source,
            options.output,
            stage=options.stage,
            version=options.version,
            path=options.path,
            bad_rows=options.bad_rows,
            keep=options.keep,
        )
    )


def _monitor(options: argparse.Namespace) -> None:
    from cairn.cli.monitor import monitor

    monitor(**{name: value for name, value in vars(options).items() if name != "command"})


def _sql(options: argparse.Namespace) -> None:
    from cairn.cli.sql import sql

    sql(options.query, rev=options.rev, form=options.format)


def _own(_: argparse.Namespace) -> None:
    from cairn.cli.own import own

    print(own())


def _upgrade(options: argparse.Namespace) -> None:
    from cairn.cli.upgrade import upgrade

    print(upgrade(Path(options.wheel), force=options.force))


def _docs(options: argparse.Namespace) -> None:
    from cairn.cli.docs import docs

    docs(options.page, html=options.html)


if __name__ == "__main__":
    main()
