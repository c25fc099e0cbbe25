"""A metric as a strip: the model, its interval, the dummy, the champion and the best possible on one line."""

from cairn.evaluation.documents import ChampionComparison, Evaluation


def strip(evaluation: Evaluation, name: str, champion: ChampionComparison | None = None) -> dict[str, float] | None:
    """Place a metric's figures on a line from 0 to 100.

    Parameters
    ----------
    evaluation : of the model
    name : of the metric
    champion : the comparison with the champion; None: nothing is promoted

    Returns
    -------
    dict : place, in per cent of the line, of `value`, `low`, `high`, and where there is one of `dummy`, `best` and
        `champion`; None where there is nothing to compare
    """
    metric, ceiling = evaluation.test[name], (evaluation.ceiling or {}).get(name)
    difference = champion.metrics.get(name) if champion else None
    figures = {
        "value": metric.value,
        "low": metric.low,
        "high": metric.high,
        "dummy": evaluation.baseline.dummy.get(name),
        "best": ceiling.best if ceiling else None,
        "champion": difference.champion if difference else None,
    }
    defined = {key: value for key, value in figures.items() if value is not None}
    least, most = min(defined.values(), default=0), max(defined.values(), default=0)
    if least == most or not defined.keys() & {"dummy", "best", "champion"} or "value" not in defined:
        return None
    return {key: round(4 + 92 * (value - least) / (most - least), 2) for key, value in defined.items()}
