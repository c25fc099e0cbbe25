"""Search for the model's parameters on the training part, compared by the validation part or by folds of both."""

from time import monotonic
from typing import Any

from cairn import config, layout
from cairn.files import read_json
from cairn.models import preflight
from cairn.search import search, study_files, warm_start
from cairn.search.comparison import metric_of
from cairn.training import parts


def main() -> None:
    started, params, schema = monotonic(), config.load(), read_json(layout.SCHEMA)
    # Folds shuffle rows as the split did; after a split by time nothing may be fitted on the validation part.
    role = parts.shuffled_role(params["split"]["_target_"])
    together = params["data"][role] if role else None
    seen = parts.read(layout.TRAIN, layout.VALID, schema, params["signature"], together=together)
    metrics = params["evaluation"]["metrics"]
    problem = seen.problem(seed=params["seed"], ordered=role is None, own_metrics=metrics)
    nodes = search.candidates(params["search"], params["model"])
    preflight.check(nodes, *problem.train, trusted=params["trusted"], **problem.about)
    journal = layout.STUDIES / f"{fingerprint(params)}.journal"
    start = params["search"].get("start", "own")
    known = warm_start.known(start, last=layout.LAST_STUDY, model=layout.MODEL)
    found = config.call(
        params["search"], model=params["model"], problem=problem, journal=journal, known=known, started=started
    )
    study_files.write_tuned(found, params["model"], layout.MEMBERS, layout.TUNED)
    _, upwards = metric_of(params["search"].get("metric", "auto"), schema["task"], metrics)
    study_files.write_reports(found, layout.SEARCH, layout.LEADERBOARD, layout.TRIALS, greater_is_better=upwards)
    study_files.keep_journal(journal, layout.LAST_STUDY)
    print(study_files.summary(found))


def fingerprint(params: dict[str, Any]) -> str:
    """Name a study by all that decides its trials, so that no other search continues its journal."""
    settings = [params["model"], params["search"], params["seed"], params["split"]["_target_"]]
    settings.append(params["evaluation"]["metrics"])
    return study_files.fingerprint(settings, [layout.SCHEMA, layout.TRAIN, layout.VALID, layout.CODE / "tune.txt"])


if __name__ == "__main__":
    config.run(main)
