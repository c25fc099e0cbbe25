"""A metric as a strip: where the model, its interval, the dummy, the champion and the best possible lie on one line."""

from collections.abc import Mapping
from typing import Any


def strip(metrics: Mapping[str, Any], name: str, champion: Mapping[str, Any] | None = None) -> dict[str, float] | None:
    """Place a metric's figures on a line from 0 to 100.

    Parameters
    ----------
    metrics : what evaluation.json holds
    name : of the metric
    champion : what gates.json holds of it

    Returns
    -------
    dict : place, in per cent of the line, of `value`, `low`, `high`, and where there is one of `dummy`, `best` and
        `champion`; None where there is nothing to compare
    """
    figures = dict(metrics["test"][name])
    figures["dummy"] = metrics["baseline"]["dummy"].get(name)
    figures["best"] = metrics.get("ceiling", {}).get(name, {}).get("best")
    figures["champion"] = champion["metrics"].get(name, {}).get("champion") if champion else None
    known = {key: value for key, value in figures.items() if value is not None}
    least, most = min(known.values(), default=0), max(known.values(), default=0)
    if least == most or not known.keys() & {"dummy", "best", "champion"} or "value" not in known:
        return None
    return {key: round(4 + 92 * (value - least) / (most - least), 2) for key, value in known.items()}
