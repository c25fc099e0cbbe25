"""The catalogue of measures of bias: name -> title, function, inputs and fair figure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from cairn.bias import labels, numbers, predictions


@dataclass(frozen=True)
class Measure:
    """One measure of bias; its function's docstring has the formula.

    Parameters
    ----------
    symbol : as in Das et al. (2021)
    title : for people
    above : the meaning of a figure above the fair one
    function : computes the figure
    undefined : the reason why there may be no figure
    when : `before` training (of labels) or `after` it (of predictions)
    takes : the inputs of the function, by their names in cairn.bias.figures
    fair : the figure of groups that are treated alike
    signed : whether the sign shows which side is at a disadvantage; otherwise the figure is never below 0
    """

    symbol: str
    title: str
    above: str
    function: Callable[..., Any]
    undefined: str = ""
    when: Literal["before", "after"] = "after"
    takes: str = "confusion"
    fair: float = 0.0
    signed: bool = True

    @property
    def of_groups(self) -> bool:
        """Whether it compares a group with the other rows; generalised entropy is of all rows."""
        return self.takes != "all"

    def unfairness(self, figure: float) -> float:
        """Return the distance of a figure from the fair one, in either direction; larger is less fair.

        Parameters
        ----------
        figure : of this measure

        Returns
        -------
        float : the absolute figure; of a ratio, the larger of it and its inverse
        """
        if not self.fair:
            return abs(figure)
        return max(figure, 1 / figure) if figure > 0 else float("inf")


NO_YES, NO_NO = "one side has no positive prediction", "one side has no negative prediction"
_labels = partial(Measure, when="before", takes="labels")
_distance = partial(Measure, when="before", takes="classes", signed=False)

DIFFER = "the group's labels are distributed differently"

CLASSES = {
    "class_imbalance": _labels("CI", "class imbalance", "the group has fewer rows", labels.class_imbalance),
    "label_proportion_difference": _labels(
        "DPL",
        "difference in proportions of labels",
        "the group has a positive label less often",
        labels.label_proportion_difference,
    ),
    "kl_divergence": _distance(
        "KL",
        "Kullback-Leibler divergence",
        DIFFER,
        labels.kl_divergence,
        "the group lacks a label that the other rows have",
    ),
    "js_divergence": _distance("JS", "Jensen-Shannon divergence", DIFFER, labels.js_divergence),
    "lp_norm": _distance("LP", "Lp norm (p = 2)", DIFFER, labels.lp_norm),
    "total_variation_distance": _distance("TVD", "total variation distance", DIFFER, labels.total_variation_distance),
    "kolmogorov_smirnov": _distance("KS", "Kolmogorov-Smirnov distance", DIFFER, labels.kolmogorov_smirnov),
    "conditional_demographic_disparity": _labels(
        "CDD",
        "conditional demographic disparity",
        "within strata, the group has more of the negative labels than of the positive",
        labels.conditional_demographic_disparity,
        "no stratum has both labels",
        takes="strata",
    ),
    "predicted_proportion_difference": Measure(
        "DPPL",
        "difference in positive proportions in predicted labels",
        "the group is predicted positive less often",
        predictions.predicted_proportion_difference,
    ),
    "disparate_impact": Measure(
        "DI",
        "disparate impact",
        "the group is predicted positive more often",
        predictions.disparate_impact,
        "none of the other rows is predicted positive",
        fair=1.0,
    ),
    "conditional_acceptance_difference": Measure(
        "DCA",
        "difference in conditional acceptance",
        "the group has fewer positive labels for each positive prediction",
        predictions.conditional_acceptance_difference,
        NO_YES,
    ),
    "conditional_rejection_difference": Measure(
        "DCR",
        "difference in conditional rejection",
        "the group has more negative labels for each negative prediction",
        predictions.conditional_rejection_difference,
        NO_NO,
    ),
    "acceptance_rate_difference": Measure(
        "DAR",
        "difference in acceptance rates",
        "the group's positive predictions are right less often",
        predictions.acceptance_rate_difference,
        NO_YES,
    ),
    "rejection_rate_difference": Measure(
        "DRR",
        "difference in rejection rates",
        "the group's negative predictions are right more often",
        predictions.rejection_rate_difference,
        NO_NO,
    ),
    "accuracy_difference": Measure(
        "AD", "accuracy difference", "the group's predictions are right less often", predictions.accuracy_difference
    ),
    "recall_difference": Measure(
        "RD",
        "recall difference",
        "those of the group who are positive are found less often",
        predictions.recall_difference,
        "one side has no positive label",
    ),
    "specificity_difference": Measure(
        "SD",
        "specificity difference",
        "those of the group who are negative are found more often",
        predictions.specificity_difference,
        "one side has no negative label",
    ),
    "treatment_equality": Measure(
        "TE",
        "treatment equality",
        "the group has fewer false positives for each false negative",
        predictions.treatment_equality,
        "one side has no false negative",
    ),
    "conditional_demographic_disparity_predicted": Measure(
        "CDDPL",
        "conditional demographic disparity in predicted labels",
        "within strata, the group has more of the negative predictions than of the positive",
        labels.conditional_demographic_disparity,
        "no stratum has both predictions",
        takes="said_strata",
    ),
    "fliptest": Measure(
        "FT",
        "counterfactual fliptest",
        "rows most like those of the group are predicted positive more often than these are",
        predictions.fliptest,
        takes="neighbours",
    ),
    "generalised_entropy": Measure(
        "GE",
        "generalised entropy",
        "errors give some rows more, and others less, than is true of them",
        predictions.generalised_entropy,
        "every row is a false negative",
        takes="all",
        signed=False,
    ),
}

NUMBERS = {
    "class_imbalance": CLASSES["class_imbalance"],
    "label_mean_difference": _labels(
        "", "difference in mean labels", "the group's labels are lower", numbers.mean_difference, takes="actual"
    ),
    "kolmogorov_smirnov": _distance(
        "KS", "Kolmogorov-Smirnov distance of labels", DIFFER, numbers.kolmogorov_smirnov, takes="actual"
    ),
    "prediction_mean_difference": Measure(
        "",
        "difference in mean predictions",
        "the group's predictions are lower",
        numbers.mean_difference,
        takes="predicted",
    ),
    "kolmogorov_smirnov_predicted": Measure(
        "",
        "Kolmogorov-Smirnov distance of predictions",
        "the group's predictions are distributed differently",
        numbers.kolmogorov_smirnov,
        takes="predicted",
        signed=False,
    ),
    "residual_mean_difference": Measure(
        "",
        "difference in mean residuals",
        "the group is predicted too high, or less too low than the others",
        numbers.mean_difference,
        takes="residual",
    ),
}

MEASURES = {"binary": CLASSES, "multiclass": CLASSES, "regression": NUMBERS}
