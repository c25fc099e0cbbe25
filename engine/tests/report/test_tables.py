"""What the stages wrote, in the form in which the report shows it."""

from cairn.report.tables import confusion, training_curves


def test_curves_are_read_by_part_and_metric(tmp_path):
    for part, values in {"train": (0.5, 0.25), "validation": (0.6, 0.5)}.items():
        folder = tmp_path / "plots" / "metrics" / part
        folder.mkdir(parents=True)
        (folder / "log_loss.tsv").write_text("step\tlog_loss\n" + "".join(f"{n}\t{v}\n" for n, v in enumerate(values)))
    told = training_curves(tmp_path)
    assert [(row["series"], row["step"], row["value"]) for row in told] == [
        ("train", 0, 0.5), ("train", 1, 0.25), ("validation", 0, 0.6), ("validation", 1, 0.5),
    ]  # fmt: skip
    assert {row["metric"] for row in told} == {"log_loss"}


def test_a_model_without_rounds_has_no_curves(tmp_path):
    assert training_curves(tmp_path) == []


def test_rows_are_counted_by_actual_and_predicted_class():
    pairs = [{"actual": "True", "predicted": "True"}] * 2 + [{"actual": "False", "predicted": "True"}]
    assert confusion(pairs, [False, True]) == {
        "classes": {"False": "false", "True": "true"},
        "rows": 3,
        "counts": {"False": {"False": 0, "True": 1}, "True": {"False": 0, "True": 2}},
    }
    assert confusion([], None) is None
