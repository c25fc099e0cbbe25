"""Train the model that the search found: fit it with early stopping and then on all rows; or load its ensemble."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cairn.models import estimators
from cairn.models.learners.protocol import Estimator
from cairn.training.folds import Rows, together
from cairn.training.parts import Parts

__all__ = ["train"]

ENSEMBLE = "ensemble"  # the folder of an ensemble that a search fitted
HELD_OUT = "held_out.npz"  # beside it: its predictions of held-out rows, and of a sample of training rows


class Trained(NamedTuple):
    """A model, and what training measured of it, without the test part.

    Parameters
    ----------
    model : fitted; or the folder to which it is already written
    curves : one mapping a round, such as `{"step": 0, "train/log_loss": 0.6, "validation/log_loss": 0.6}`
    best_round : the last round that was kept, from 0; None for a model without rounds
    rounds_limit : how many there could have been
    train : training rows: all, or a sample for an ensemble of many models
    train_predicted : predictions of them; the model has seen them
    held_out : rows that the models which predicted them had not seen
    predicted : those predictions
    """

    model: Estimator | Path
    curves: list[dict[str, float]]
    best_round: int | None
    rounds_limit: int | None
    train: Rows
    train_predicted: np.ndarray
    held_out: Rows
    predicted: np.ndarray

    def evidence(self, seen: Parts) -> dict[str, Any]:
        """Return what the rules check."""
        return {
            "curves": self.curves,
            "best_round": self.best_round,
            "rounds_limit": self.rounds_limit,
            "train": self.train,
            "validation": self.held_out,
            "train_predicted": self.train_predicted,
            "validation_predicted": self.predicted,
            "task": seen.signature.task,
            "classes": seen.signature.classes,
        }


def train(tuned: Mapping[str, Any], seen: Parts, *, members: Path, log: Path, seed: int, refit: bool) -> Trained:
    """Train the model that the search found.

    Parameters
    ----------
    tuned : `model`: a node, with `rounds`; or `members` of an ensemble
    seen : the training and validation parts
    members : the folder of an ensemble
    log : where dvclive writes each round
    seed : makes the fit repeatable
    refit : whether the model that is kept is fitted on the validation part too, for as many rounds as were best
    """
    if "members" in tuned:
        return _load_ensemble(seen, members, log)
    return _fit_model(tuned["model"], tuned["rounds"], seen, log=log, seed=seed, refit=refit)


def _fit_model(
    node: Mapping[str, Any], rounds: int | None, seen: Parts, *, log: Path, seed: int, refit: bool
) -> Trained:
    about: dict[str, Any] = {"task": seen.signature.task, "n_classes": len(seen.signature.classes or []), "seed": seed}
    balance = node.get("balance", "none")
    curves: list[dict[str, float]] = []
    model = estimators.build(node, **about)
    with _dvclive(log) as live:

        def record(number: int, measured: Mapping[str, float]) -> None:
            curves.append({"step": number, **measured})
            live.step = number
            for name, value in measured.items():
                live.log_metric(name, value)

        estimators.fit(model, *seen.train, *seen.validation, balance=balance, on_round=record)
    fitted = Trained(
        model=model,
        curves=curves,
        best_round=None if model.rounds is None else model.rounds - 1,
        rounds_limit=node.get("n_estimators", node.get("max_iter")),
        train=seen.train,
        train_predicted=estimators.predict(model, seen.train.X),
        held_out=seen.validation,
        predicted=estimators.predict(model, seen.validation.X),
    )
    if not refit:
        return fitted
    whole = estimators.build(node, **about)
    estimators.fit(whole, *together(seen.train, seen.validation), balance=balance, rounds=rounds or model.rounds)
    return fitted._replace(model=whole)


def _load_ensemble(seen: Parts, members: Path, log: Path) -> Trained:
    with _dvclive(log):
        pass  # an ensemble has no rounds of its own, and the log must be there all the same
    with np.load(members / HELD_OUT) as arrays:
        held_out, predicted = together(seen.train, seen.validation).take(arrays["places"]), arrays["predicted"]
        train, train_predicted = seen.train.take(arrays["sample"]), arrays["sampled"]
    return Trained(members / ENSEMBLE, [], None, None, train, train_predicted, held_out, predicted)


def _dvclive(folder: Path) -> Any:
    from dvclive.live import Live

    return Live(str(folder), dvcyaml=None, save_dvc_exp=False)
