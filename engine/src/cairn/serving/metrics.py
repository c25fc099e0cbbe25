"""What Prometheus is told: the model, requests, errors, latency and predictions, right across all processes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from prometheus_client import Histogram, Metric

    from cairn.serving.loaded_model import Served

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000)
REQUESTS = (1, 2, 4, 8, 16, 32, 64, 128)
SHARES = tuple(round(0.05 * step, 2) for step in range(1, 20))
SIZES = tuple(digit * 10.0**power for power in range(-2, 8) for digit in (1, 3))
VALUES = (*(-size for size in reversed(SIZES)), 0.0, *SIZES)
LABELS = 100  # a target with more classes is not counted by class


def prepare(folder: Path) -> None:
    """Say where the processes share their counts; before any of them imports the client, which looks once."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


class Counts:
    """The counters of one process; a label `version` says which model it was, `local` one that has no version."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Histogram

        asked, of = ["path", "version"], ["version"]
        self._requests = Counter("cairn_requests_total", "Requests answered", [*asked, "status"])
        self._latency = Histogram("cairn_request_duration_seconds", "Time to the answer", asked, buckets=SECONDS)
        self._rows = Histogram("cairn_request_rows", "Rows of a request", of, buckets=ROWS)
        self._batches = Histogram("cairn_batch_requests", "Requests of a worker's batch", of, buckets=REQUESTS)
        self._classes = Counter("cairn_predictions_total", "Rows predicted, by class", [*of, "prediction"])
        self._shares = Histogram(
            "cairn_prediction_probability",
            "Probability of the positive class; of the predicted one, where there are several",
            of,
            buckets=SHARES,
        )
        self._values = Histogram("cairn_prediction_value", "Predicted values of a regression", of, buckets=VALUES)
        self._known: dict[Any, Any] = {}

    def request(self, path: str, version: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._child(self._requests, path, version, str(status)).inc()
        self._child(self._latency, path, version).observe(seconds)

    def batch(self, version: str, requests: int) -> None:
        """Count how many requests a worker took at once."""
        self._child(self._batches, version).observe(requests)

    def predictions(self, served: "Served", predicted: np.ndarray) -> None:
        """Count what was predicted: probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        version, classes = served.version, served.signature.classes
        self._child(self._rows, version).observe(len(predicted))
        if classes is None:
            self._observe(self._values, version, VALUES, predicted)
            return
        watched = predicted[:, 1] if served.signature.task == "binary" else predicted.max(axis=1)
        self._observe(self._shares, version, SHARES, watched)
        if len(classes) <= LABELS:
            for place, count in enumerate(np.bincount(served.model.choose(predicted)).tolist()):
                if count:
                    self._child(self._classes, version, str(classes[place])).inc(count)

    def _observe(self, metric: "Histogram", version: str, bounds: tuple[float, ...], values: np.ndarray) -> None:
        """Count all rows at once: one by one, a thousand of them would take as long as predicting them."""
        child = self._child(metric, version)
        if len(values) == 1:
            child.observe(float(values[0]))
            return
        places = np.bincount(np.searchsorted(bounds, values), minlength=len(bounds) + 1)
        child._sum.inc(float(values.sum()))
        for bucket, count in zip(child._buckets, places.tolist(), strict=True):
            if count:
                bucket.inc(count)

    def _child(self, metric: Any, *labels: str) -> Any:
        """Find the counter of some labels, which the client looks up with a lock."""
        key = (id(metric), *labels)
        if key not in self._known:
            self._known[key] = metric.labels(*labels)
        return self._known[key]


class Now:
    """What is so at this moment, of which nothing is counted.

    Parameters
    ----------
    served : the model that answers
    trouble : why a newer one does not
    """

    def __init__(self, served: "Served", trouble: str | None) -> None:
        self.served, self.trouble = served, trouble

    def collect(self) -> Iterator["Metric"]:
        """Give the gauges, as Prometheus's client asks for them."""
        from prometheus_client.core import GaugeMetricFamily

        source = self.served.source
        model = GaugeMetricFamily("cairn_model_info", "The model that answers", labels=["model", "version", "stage"])
        model.add_metric([source.name, self.served.version, source.stage or ""], 1)
        yield model
        told = "1: a newer model could not be served, and /health says why; 0: all is well"
        yield GaugeMetricFamily("cairn_degraded", told, value=float(self.trouble is not None))


def text(now: Now) -> tuple[bytes, str]:
    """Give what is so now, the counts of all processes, those that ended included, and their content type."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry: CollectorRegistry = CollectorRegistry()
    registry.register(now)
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST


def forget(pid: int | None) -> None:
    """Drop what only a living process has; its counts stay."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)  # type: ignore[no-untyped-call]
