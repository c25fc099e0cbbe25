"""Check the model against its gates, compare it with the champion, and write every result."""

from cairn import config, layout
from cairn.bias.documents import read_bias
from cairn.documents import read_document, to_json
from cairn.evaluation.documents import Evaluation, GateReport, Slices
from cairn.files import write_json
from cairn.registry import champion


def main() -> None:
    params = config.load()
    time = params["data"]["time"]
    comparison = champion.compare(
        params["gates"]["champion_stage"],
        challenger=layout.TRAINED,
        test=layout.TEST,
        model=layout.MODEL,
        gates=layout.GATES,
        time=time,
        values=params["decision"]["values"],
        seed=params["seed"],
        resamples=params["evaluation"]["resamples"],
        confidence=params["evaluation"]["confidence"],
        least_rows=params["evaluation"]["slice_rows"],
        trusted=params["trusted"],
        metrics=params["evaluation"]["metrics"],
    )
    results = config.call(
        params["gates"],
        evaluation=read_document(Evaluation, layout.EVALUATION),
        slices=read_document(Slices, layout.SLICES),
        champion=comparison,
        bias=read_bias(layout.BIAS),
    )
    report = GateReport(
        passed=all(result.passed for result in results),
        newest=champion.newest_row([layout.TRAIN, layout.VALID, layout.TEST], time),
        champion=comparison,
        gates=results,
    )
    write_json(to_json(report), layout.GATES)


if __name__ == "__main__":
    config.run(main)
