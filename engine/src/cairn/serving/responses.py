"""What an answer looks like: JSON, or a table where the client asks for one."""

import io
from collections.abc import Mapping
from typing import Any

import orjson

from cairn.serving.bodies import ARROW, CSV, JSON


def answer(content: Mapping[str, Any], accept: str) -> tuple[bytes, str]:
    """Write an answer as the header `Accept` asks for: JSON, and where it names one of them first, CSV or Arrow.

    Parameters
    ----------
    content : with `predictions`, and `probabilities` where there are classes
    accept : the header

    Returns
    -------
    tuple : the body and its media type; a line of CSV, or a row of Arrow, is a prediction and its probabilities
    """
    kind = accept.split(",", 1)[0].split(";", 1)[0].strip().lower()
    if "predictions" not in content or kind not in (CSV, ARROW[0]):
        return orjson.dumps(content), JSON
    import pyarrow as pa
    from pyarrow.csv import WriteOptions, write_csv

    columns = {"prediction": content["predictions"]}
    for place, values in enumerate(zip(*content.get("probabilities", ()), strict=True)):
        columns[f"probability_{place}"] = values
    written, sink = pa.table(columns), io.BytesIO()
    if kind == CSV:
        write_csv(written, sink, WriteOptions(include_header=False))
    else:
        with pa.ipc.new_stream(sink, written.schema) as writer:
            writer.write_table(written)
    return sink.getvalue(), kind
