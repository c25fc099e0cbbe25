"""BentoML: a service with one method."""

import os

import bentoml
import coded


@bentoml.service(workers=int(os.environ["BENCH_PROCESSES"]), logging={"access": {"enabled": False}})
class Predictor:
    def __init__(self) -> None:
        self.booster = coded.load()

    @bentoml.api
    async def predict(self, instances: list[dict]) -> dict:
        return coded.answer(self.booster, instances)
