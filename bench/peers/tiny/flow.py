"""The six functions as a Metaflow flow."""

import work
from metaflow import FlowSpec, step


class TinyFlow(FlowSpec):
    @step
    def start(self):
        self.raw = work.ingest()
        self.next(self.validate)

    @step
    def validate(self):
        self.report = work.validate(self.raw)
        self.next(self.features)

    @step
    def features(self):
        self.table = work.features(self.raw, self.report)
        self.next(self.split)

    @step
    def split(self):
        self.parts = work.split(self.table)
        self.next(self.train)

    @step
    def train(self):
        self.model = work.train(self.parts)
        self.next(self.end)

    @step
    def end(self):
        self.metrics = work.evaluate(self.model, self.parts)


if __name__ == "__main__":
    TinyFlow()
