"""Score a file by what is promoted: `cairn predict`."""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from cairn.batch.scoring import BadRows, Options, score
from cairn.cli import model_selector
from cairn.models import saved
from cairn.registry.model_source import fetch_model


def predict(
    source: str,
    output: str,
    *,
    stage: str | None = None,
    version: str | None = None,
    path: str | None = None,
    bad_rows: BadRows = "refuse",
    keep: str = "all",
) -> str:
    """Score a file, and say how it went.

    Parameters
    ----------
    source, output : paths or addresses; their endings tell the formats
    stage, version, path : one of them: what is promoted, a version, or a model's folder
    bad_rows : refuse them, or set them aside
    keep : the input's columns that go to the output: `all`, `none`, or names with commas between

    Raises
    ------
    InputError : there is no such model, the input cannot be scored, or the output not be written
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is half written is deleted on the way out
    params = model_selector.params(path)
    settings = model_selector.settings(params)
    selected = fetch_model(model_selector.select_model(params, stage=stage, version=version, path=path))
    data = params.get("data", {})
    options = Options(
        bad_rows=bad_rows,
        keep={"all": None, "none": []}.get(keep, [name for name in keep.split(",") if name]),
        unseen=settings.unseen_categories,
        missing=settings.missing_values,
        missing_texts=data.get("missing") or (),
        delimiter=_delimiter(data),
    )
    model = saved.load(Path(selected.folder), trusted=selected.trusted)
    done = score(model, selected.version, source, output, options)
    text = f"{output}: {done.rows:,} rows scored by {selected.version or selected.folder}"
    text += f" in {done.seconds:.1f} s ({done.rows / done.seconds:,.0f} rows/s)"
    return f"{text}; {done.bad:,} bad rows set aside in {done.aside}" if done.bad else text


def main(options: argparse.Namespace) -> None:
    """Run `cairn predict`."""
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


def _delimiter(data: dict[str, Any]) -> str | None:
    said: str | None = data.get("delimiter")
    return "\t" if said == r"\t" else said
