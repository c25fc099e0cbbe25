"""Hold the model against its gates and the champion, and write down every answer."""

from cairn import config, layout
from cairn.bias.documents import read_bias
from cairn.files import read_json, write_json
from cairn.registry import champion


def main() -> None:
    params = config.load()
    time = params["data"]["time"]
    compared = champion.compare(
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
    measured, slices = (read_json(path) for path in (layout.EVALUATION, layout.SLICES))
    bias = read_bias(layout.BIAS)
    results = config.call(params["gates"], metrics=measured, slices=slices, champion=compared, bias=bias)
    answers = {
        "passed": all(result["passed"] for result in results),
        "newest": champion.newest_row([layout.TRAIN, layout.VALID, layout.TEST], time),
        "champion": compared,
        "gates": results,
    }
    write_json(answers, layout.GATES)


if __name__ == "__main__":
    config.run(main)
