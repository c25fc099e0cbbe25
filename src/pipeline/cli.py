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
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--stage", help="what this stage points to; a server follows it")
    which.add_argument("--version", help="this version")
    which.add_argument("--path", help="the model in this folder, such as models/model")


def _why(options: argparse.Namespace) -> None:
    from pipeline.why import describe, why

    print(describe(why(options.stage)))


def _summary(options: argparse.Namespace) -> None:
    from pipeline.summary import summary

    print(summary())


def _keep(options: argparse.Namespace) -> None:
    from pipeline.keep import keep

    print(keep(options.name, default=options.default))


def _promote(options: argparse.Namespace) -> None:
    from pipeline.promote import decide, promote

    if options.approve or options.reject:
        print(decide(options.stage, approve=options.approve, version=options.version, why=options.message))
    else:
        print(promote(options.stage, version=options.version, revision=options.revision, why=options.message))


def _rollback(options: argparse.Namespace) -> None:
    from pipeline.promote import rollback

    print(rollback(options.stage, why=options.message))


def _models(options: argparse.Namespace) -> None:
    from pipeline.models import models

    print(models(at=options.at, as_json=options.json))


def _lineage(options: argparse.Namespace) -> None:
    from pipeline.models import lineage

    print(lineage(options.version), end="")


def _serve(options: argparse.Namespace) -> None:
    from pipeline.serve import serve

    serve(stage=options.stage, version=options.version, path=options.path, given=options.set)


def _predict(options: argparse.Namespace) -> None:
    from pipeline.predict import predict

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


if __name__ == "__main__":
    main()
