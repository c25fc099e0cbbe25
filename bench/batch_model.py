"""Make a model on 100,000 rows for the benchmarks: python batch_model.py TABLE.parquet FOLDER [TREES DEPTH]."""

import sys
from pathlib import Path

from cairn.models import estimators, saved
from cairn.rows import signature


def main() -> None:
    trees, depth = map(int, sys.argv[3:] or (300, 6))
    seen = signature.read(Path(sys.argv[1])).head(100_000)
    features = [name for name in seen.columns if name not in ("id", "at", "target")]
    about = signature.describe(seen, features=features, target="target", task="binary", classes=[0, 1])
    node = {"_target_": "cairn.models.estimators.xgboost", "n_estimators": trees, "max_depth": depth}
    estimator = estimators.build(node | {"early_stopping_rounds": None}, task="binary", n_classes=2, seed=0)
    estimators.fit(estimator, about.frame(seen), about.labels(seen), balance="none")
    saved.save(Path(sys.argv[2]), estimator, about, {})


if __name__ == "__main__":
    main()
