"""The charts of the report: search, training and evaluation; what was not measured has none."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cairn.evaluation.documents import Evaluation, Slices
from cairn.number_text import figure, percent
from cairn.report import bias_charts, charts, explanation_charts, metric_text
from cairn.report.charts import Row, Spec, axis, share, tipped
from cairn.report.drawing import WIDTH, draw, thin

if TYPE_CHECKING:
    from markupsafe import Markup

BAR = 26  # pixels of a bar and its gap
IMPORTANT = 12  # bars at most
GROUPS = 24


def pictures(evidence: Mapping[str, Any], *, points: int) -> dict[str, "Markup"]:
    """Draw every chart for which there are rows.

    Parameters
    ----------
    evidence : as `cairn.report.page.page` takes it
    points : most points of a curve

    Returns
    -------
    dict : name -> drawing
    """
    plots, search = evidence["plots"], evidence["search"]
    curves = {name: thin(plots[name], points) for name in ("roc", "precision_recall", "cumulative_gain")}
    specs = {
        "history": _history(search["history"]),
        "parameters": _shares(search["importances"], "parameter", "share of what made a difference"),
        "training": _training(evidence["training_curves"], points),
        "importances": _shares(plots["importances"][:IMPORTANT], "feature", "share", explanation_charts.WIDE),
        "calibration": _calibration(plots["calibration"]),
        "roc": _roc(curves["roc"]),
        "precision_recall": _precision_recall(curves["precision_recall"]),
        "gain": _gain(curves["cumulative_gain"]),
        "residuals": _residuals(thin(plots["residuals"], 3 * points)),
        **{
            f"slices_{place}": _slices(evidence["slices"], evidence["evaluation"], metric)
            for place, metric in enumerate(metric_text.GROUPED[evidence["evaluation"].task])
        },
    }
    labelled = {name: (spec, LABELS[name.partition("_")[0]]) for name, spec in specs.items() if spec}
    labelled |= explanation_charts.pictures(evidence["explanations"]) | bias_charts.pictures(evidence["bias"])
    return {name: draw(spec, label) for name, (spec, label) in labelled.items()}


LABELS = {
    "history": "Scores of the search's trials, and the best so far",
    "parameters": "How much each parameter mattered in the search",
    "training": "The loss by round, on training and validation rows",
    "importances": "Each column's share of the importance",
    "calibration": "Actual share of positives, by predicted probability",
    "roc": "ROC curve",
    "precision": "Precision by recall",
    "gain": "Share of the positives found, by share of the rows taken",
    "residuals": "Residuals by prediction",
    "slices": "Figures by group",
}


def _history(rows: Sequence[Row]) -> Spec | None:
    scored = [row for row in rows if row["score"] is not None]
    if not scored:
        return None
    tipped_rows = tipped(
        scored, lambda row: f"trial {row['trial']}: {figure(row['score'])}; best so far {figure(row['best'])}"
    )
    spec = charts.scatter(tipped_rows, axis("trial", "trial"), axis("score", "score"))
    line = {"type": "line", "stroke": charts.SERIES[0], "interpolate": "step-after", "aria": False}
    best = {"mark": line, "encoding": {"x": axis("trial", "trial"), "y": axis("best", "score")}}
    return {**spec, "layer": [best, *spec["layer"]]}


def _shares(rows: Sequence[Row], label: str, title: str, width: int = WIDTH) -> Spec | None:
    if not rows:
        return None
    tipped_rows = tipped(rows, lambda row: f"{row[label]}: {percent(row['share'])}")
    return charts.bars(tipped_rows, "share", title, label=label, axis={"format": ".0%"}) | {
        "width": width,
        "height": 50 + BAR * len(rows),
    }


def _training(rows: Sequence[Row], points: int) -> Spec | None:
    if not rows:
        return None
    names = list(dict.fromkeys(row["series"] for row in rows))
    thinned = [row for name in names for row in thin([row for row in rows if row["series"] == name], points)]
    tipped_rows = tipped(thinned, lambda row: f"round {row['step']}, {row['series']}: {figure(row['value'])}")
    return charts.lines(tipped_rows, axis("step", "round"), axis("value", rows[0]["metric"].replace("_", " ")), names)


def _calibration(rows: Sequence[Row]) -> Spec | None:
    if not rows:
        return None
    most = min(1.0, 1.08 * max(max(row["predicted"], row["actual"]) for row in rows))
    tipped_rows = tipped(
        rows, lambda row: f"{row['rows']:,} rows at {percent(row['predicted'])}: {percent(row['actual'])} of them are"
    )
    shares = {"scale": {"domain": [0, most], "nice": True}, "axis": {"format": ".0%"}}
    x, y = axis("predicted", "predicted", **shares), axis("actual", "actual", **shares)
    return charts.curve(tipped_rows, x, y, diagonal=most, dots=True)


def _roc(rows: Sequence[Row]) -> Spec | None:
    tipped_rows = tipped(
        rows,
        lambda row: (
            f"finds {percent(row['true_positive_rate'])} of the positives and calls "
            f"{percent(row['false_positive_rate'])} of the negatives so, {_from(row)}"
        ),
    )
    x, y = share("false_positive_rate", "share of negatives called positive"), share("true_positive_rate", "recall")
    return charts.curve(tipped_rows, x, y, diagonal=1) if rows else None


def _precision_recall(rows: Sequence[Row]) -> Spec | None:
    tipped_rows = tipped(
        rows, lambda row: f"precision {percent(row['precision'])}, recall {percent(row['recall'])}, {_from(row)}"
    )
    return charts.curve(tipped_rows, share("recall", "recall"), share("precision", "precision")) if rows else None


def _from(row: Row) -> str:
    return f"from a probability of {figure(row['threshold'])}"


def _gain(rows: Sequence[Row]) -> Spec | None:
    tipped_rows = tipped(
        rows,
        lambda row: (
            f"the likeliest {percent(row['share_of_rows'])} of the rows hold "
            f"{percent(row['share_of_positives'])} of the positives"
        ),
    )
    x, y = share("share_of_rows", "share of rows taken"), share("share_of_positives", "share of positives found")
    return charts.curve(tipped_rows, x, y, diagonal=1) if rows else None


def _residuals(rows: Sequence[Row]) -> Spec | None:
    tipped_rows = tipped(rows, lambda row: f"predicted {figure(row['predicted'])}, off by {figure(row['residual'])}")
    x, y = axis("predicted", "predicted"), axis("residual", "actual less predicted")
    return charts.scatter(tipped_rows, x, y, rule=0) if rows else None


def _slices(slices: Slices, evaluation: Evaluation, metric: str) -> Spec | None:
    rows = [
        {
            "label": f"{group.column}: {metric_text.value(group.value)}",
            "rows": group.rows,
            metric: group.metrics[metric],
        }
        for group in slices.slices
        if group.metrics.get(metric) is not None
    ][:GROUPS]
    if not rows:
        return None
    title = metric_text.metric(metric)
    tipped_rows = tipped(rows, lambda row: f"{row['label']}, {row['rows']:,} rows: {title} {figure(row[metric])}")
    spec = charts.ranges(tipped_rows, axis(metric, title), rule=evaluation.test[metric].value)
    return spec | {"width": explanation_charts.WIDE, "height": 50 + BAR * len(rows)}
