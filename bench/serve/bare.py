"""Predict a prepared frame again and again for some seconds, and print rows a second: bare.py MODEL ROWS SECONDS."""

import sys
import time
from pathlib import Path

from bench.serve.model import ROWS, TARGET, table
from cairn.models import saved


def main() -> None:
    rows, seconds = int(sys.argv[2]), float(sys.argv[3])
    model = saved.load(Path(sys.argv[1]))
    frame = model.signature.frame(table(ROWS, seed=1).drop(columns=TARGET)[:rows])
    for _ in range(100):
        model.estimator.predict(frame)
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        model.estimator.predict(frame)
        count += rows
    print(count / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
