import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv, feather

from cairn.batch.scoring import Options, Scored, score
from cairn.errors import InputError
from cairn.models.saved import Model

FORMATS = ["csv", "csv.gz", "tsv", "jsonl", "jsonl.gz", "ndjson", "parquet", "arrow", "feather"]


def write(table: pd.DataFrame, path: Path) -> None:
    kind = path.name.split(".")[1]
    if kind in ("csv", "tsv"):
        table.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    elif kind == "parquet":
        table.to_parquet(path)
    elif kind in ("arrow", "feather"):
        feather.write_feather(table, path)
    else:
        rows = table.assign(since=table["since"].astype(str)).to_dict("records")
        text = b"".join(
            orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY) for row in rows
        )
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def read(path: Path) -> pd.DataFrame:
    kind = path.name.split(".")[1]
    if kind in ("csv", "tsv"):
        parsing = csv.ParseOptions(delimiter="\t" if kind == "tsv" else ",", newlines_in_values=True)
        return csv.read_csv(path, parse_options=parsing).to_pandas()
    if kind == "parquet":
        return pd.read_parquet(path)
    if kind in ("arrow", "feather"):
        return feather.read_feather(path)
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return pd.DataFrame([orjson.loads(line) for line in text.splitlines()])


def scored(model: Model, folder: Path, table: pd.DataFrame, source: str, output: str, **options: Any) -> Scored:
    write(table, folder / source)
    return score(model, "v1.2.3", str(folder / source), str(folder / output), Options(**options))


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("output", FORMATS)
def test_every_format_gives_what_the_model_says_to_the_last_bit(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame], source: str, output: str
) -> None:
    table = people_of(300, seed=2)
    done = scored(model, tmp_path, table, f"in.{source}", f"out.{output}")
    found = read(tmp_path / f"out.{output}")
    assert (done.rows, done.bad) == (300, 0)
    assert list(found) == [*table, "prediction", "probability_false", "probability_true", "model_version"]
    assert (found[["probability_false", "probability_true"]].to_numpy() == model.predict_proba(table)).all()
    assert (found["prediction"].to_numpy() == model.predict(table)).all()
    assert found["id"].astype("int64").tolist() == table["id"].tolist()
    assert found["city"].tolist() == table["city"].tolist()
    assert found["note"].tolist() == table["note"].tolist()
    assert (found["income"].to_numpy(float) == table["income"].to_numpy())[~table["income"].isna()].all()
    assert set(found["model_version"]) == {"v1.2.3"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({f"in.{source}", f"out.{output}"})


@pytest.mark.parametrize("output", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(("name", "task"), [("trees", "binary"), ("trees", "multiclass"), ("ridge", "regression")])
def test_every_task_gives_what_the_model_says(
    tmp_path: Path,
    model_of: Callable[[str, str], Model],
    people_of: Callable[..., pd.DataFrame],
    name: str,
    task: str,
    output: str,
) -> None:
    model, table = model_of(name, task), people_of(200, seed=3)
    scored(model, tmp_path, table, f"in.{output}", f"out.{output}")
    found = read(tmp_path / f"out.{output}")
    assert found["prediction"].tolist() == model.predict(table).tolist()
    chances = [column for column in found if column.startswith("probability_")]
    if task == "regression":
        assert chances == []
    else:
        assert (found[chances].to_numpy() == model.predict_proba(table)).all()
    if task == "multiclass":
        assert chances == [f"probability_{city}" for city in ["Bonn", 'New "York", NY', "Oslo", "São Paulo"]]


def test_the_text_of_rows_stays_as_it_stands(tmp_path: Path, model: Model) -> None:
    head = "id,age,income,size,city,member,since,note\r\n"
    rows = ['007,30.50,,1e0,"Oslo",yes,2024-01-31,"a ""b"""\r\n', "8, 31 ,5,+2,Bonn,F,2024-01-31 10:00:00,\r\n"]
    (tmp_path / "in.csv").write_text(head + "".join(rows), newline="")
    score(model, None, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), Options())
    lines = (tmp_path / "out.csv").read_text().splitlines()
    for line, row in zip(lines[1:], rows, strict=True):
        assert line.startswith(row.strip() + ",")
        assert line.endswith(",")  # a local model has no version
    table = pd.DataFrame(
        {
            "age": [30.5, 31.0],
            "income": [np.nan, 5.0],
            "size": np.array([1, 2], "float32"),
            "city": ["Oslo", "Bonn"],
            "member": [True, False],
            "since": pd.to_datetime(["2024-01-31", "2024-01-31 10:00:00"], format="ISO8601"),
        }
    )
    assert [float(line.split(",")[-2]) for line in lines[1:]] == model.predict_proba(table)[:, 1].tolist()


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_columns_to_keep_can_be_named(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame], kind: str
) -> None:
    said = ["prediction", "probability_false", "probability_true", "model_version"]
    scored(model, tmp_path, people_of(20), f"in.{kind}", "out.parquet", keep=["note", "id"])
    assert list(read(tmp_path / "out.parquet")) == ["note", "id", *said]
    scored(model, tmp_path, people_of(20), f"in.{kind}", "none.csv", keep=[])
    assert list(read(tmp_path / "none.csv")) == said
    assert len(read(tmp_path / "none.csv")) == 20
    with pytest.raises(InputError, match=r"no column 'notes' \(did you mean 'note'\?\)"):
        scored(model, tmp_path, people_of(20), f"in.{kind}", "out.parquet", keep=["notes"])


@pytest.mark.parametrize("kind", FORMATS)
def test_a_column_that_is_missing_refuses_the_whole_file(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame], kind: str
) -> None:
    (tmp_path / f"out.{kind}").write_text("of an earlier run")
    with pytest.raises(InputError) as caught:
        scored(model, tmp_path, people_of(20).rename(columns={"city": "town_city"}), f"in.{kind}", f"out.{kind}")
    assert str(caught.value) == f"in.{kind}: no column 'city' (did you mean 'town_city'?), and the model needs it"
    assert (tmp_path / f"out.{kind}").read_text() == "of an earlier run"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_name_that_is_taken_is_refused(tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]) -> None:
    table = people_of(20).assign(prediction=1)
    with pytest.raises(InputError, match="INPUT has a column 'prediction' already"):
        scored(model, tmp_path, table, "in.csv", "out.csv")
    scored(model, tmp_path, table, "in.csv", "out.csv", keep=["id"])


def test_what_training_did_not_show_is_missing_or_refused_as_asked(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    for kind in ("csv", "jsonl", "parquet"):
        table = people_of(50)
        table.loc[7, "city"] = "Roma"
        table.loc[9, "age"] = np.nan
        scored(model, tmp_path, table, f"in.{kind}", "out.parquet")
        assert (read(tmp_path / "out.parquet")["probability_true"] == model.predict_proba(table)[:, 1]).all()
        line = 8 if kind == "parquet" else 8 + (kind == "csv")
        word = "row" if kind == "parquet" else "line"
        with pytest.raises(InputError, match=rf"in.{kind}, {word} {line}: city: 'Roma' was not there in training"):
            scored(model, tmp_path, table, f"in.{kind}", "out.parquet", unseen="refuse")
        with pytest.raises(InputError, match=rf"{word} {line + 2}: age: null, and no value was missing in training"):
            scored(model, tmp_path, table, f"in.{kind}", "out.parquet", missing="refuse")


@pytest.mark.parametrize(("output", "bad"), [("out.csv", "out.bad.jsonl"), ("my.data.csv.gz", "my.data.bad.jsonl")])
def test_bad_rows_are_set_aside_with_the_reason(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame], output: str, bad: str
) -> None:
    table = people_of(100).astype({"age": object, "since": str})
    table.loc[3, "age"], table.loc[40, "since"], table.loc[41, "age"] = "thirty", "yesterday", "1e39"
    done = scored(model, tmp_path, table, "in.csv", output, bad_rows="aside")
    assert (done.rows, done.bad, done.aside) == (97, 3, str(tmp_path / bad))
    rows = [json.loads(line) for line in (tmp_path / bad).read_text().splitlines()]
    assert [(row["row"], row["column"]) for row in rows] == [(5, "age"), (42, "since"), (43, "age")]
    assert [row["reason"] for row in rows] == [
        "age: a number is wanted; got 'thirty'",
        "since: 'yesterday' is no time such as 2024-01-31 or 2024-01-31T12:00:00Z",
        "age: 1e+39 is too large; at most 3.40282e+38",
    ]
    assert rows[0]["given"]["age"] == "thirty"
    assert rows[0]["given"]["id"] == str(table["id"][3])
    good = people_of(100).drop(index=[3, 40, 41])
    text = (tmp_path / output).read_bytes()
    (tmp_path / "read.csv").write_bytes(gzip.decompress(text) if output.endswith("gz") else text)
    assert (read(tmp_path / "read.csv")["probability_true"] == model.predict_proba(good)[:, 1]).all()


def test_a_file_of_bad_rows_of_an_earlier_run_does_not_stay(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    (tmp_path / "out.bad.jsonl").write_text("old")
    scored(model, tmp_path, people_of(20), "in.csv", "out.csv", bad_rows="aside")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_bad_row_refuses_the_file_and_leaves_nothing(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    table = people_of(100).astype({"member": object})
    table.loc[99, "member"] = "perhaps"
    with pytest.raises(InputError) as caught:
        scored(model, tmp_path, table, "in.csv", "out.csv")
    assert str(caught.value) == (
        "in.csv, line 101: member: true or false is wanted; got 'perhaps'; nothing is written "
        "(--bad-rows aside sets such rows aside)"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_no_rows_give_no_rows(tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]) -> None:
    for kind in ("csv", "parquet", "arrow"):
        for output in ("csv", "jsonl", "parquet", "arrow"):
            assert scored(model, tmp_path, people_of(20)[:0], f"in.{kind}", f"out.{output}").rows == 0
    assert (tmp_path / "out.csv").read_text().count("\n") == 1
    assert (tmp_path / "out.jsonl").read_text() == ""
    assert "prediction" in read(tmp_path / "out.parquet")
    for name in ("empty.csv", "empty.jsonl"):
        (tmp_path / name).touch()
        with pytest.raises(InputError, match=f"{name}: the file is empty"):
            score(model, None, str(tmp_path / name), str(tmp_path / "out.csv"), Options())


def test_the_same_rows_give_the_same_bytes(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    for kind in ("csv.gz", "jsonl.gz", "parquet", "arrow"):
        scored(model, tmp_path, people_of(200), "in.csv", f"one.{kind}")
        scored(model, tmp_path, people_of(200), "in.csv", f"two.{kind}")
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()


def test_rows_of_many_blocks_keep_their_order(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = people_of(3000)
    write(table, tmp_path / "in.csv")
    monkeypatch.setattr("cairn.batch.text.chunks.__kwdefaults__", {"size": 5000})
    score(model, None, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), Options())
    found = read(tmp_path / "out.csv")
    assert found["id"].tolist() == table["id"].tolist()
    assert (found["probability_true"] == model.predict_proba(table)[:, 1]).all()


def test_names_that_do_not_tell_a_format_are_refused(tmp_path: Path, model: Model) -> None:
    for source, output in (("in.xlsx", "out.csv"), ("in.csv", "out"), ("in.csv", "out.parquet.gz")):
        with pytest.raises(InputError, match="the name does not tell the format"):
            score(model, None, str(tmp_path / source), str(tmp_path / output), Options())


def test_nested_columns_go_everywhere_but_to_csv(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    table = people_of(20).assign(tags=[["a", "b"]] * 20)
    scored(model, tmp_path, table, "in.parquet", "out.jsonl")
    assert read(tmp_path / "out.jsonl")["tags"].tolist() == [["a", "b"]] * 20
    with pytest.raises(InputError, match=r"column 'tags' holds list.*, which CSV cannot; write Parquet"):
        scored(model, tmp_path, table, "in.parquet", "out.csv")


def test_dictionaries_of_arrow_are_read_and_written(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    table = people_of(100)
    feather.write_feather(table.astype({"city": "category", "note": "category"}), tmp_path / "in.arrow")
    for output in ("csv", "jsonl", "parquet", "arrow"):
        score(model, None, str(tmp_path / "in.arrow"), str(tmp_path / f"out.{output}"), Options())
        found = read(tmp_path / f"out.{output}")
        assert found["city"].astype(str).tolist() == table["city"].tolist()
        assert (found["probability_true"] == model.predict_proba(table)[:, 1]).all()


def test_an_arrow_stream_of_small_batches_is_read(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    table = people_of(100)
    whole = pa.Table.from_pandas(table)
    with pa.ipc.new_stream(str(tmp_path / "in.arrow"), whole.schema) as writer:
        writer.write_table(whole, max_chunksize=7)
    score(model, None, str(tmp_path / "in.arrow"), str(tmp_path / "out.parquet"), Options())
    assert (read(tmp_path / "out.parquet")["probability_true"] == model.predict_proba(table)[:, 1]).all()


def test_columns_of_another_type_are_refused_or_read_as_the_model_does(
    tmp_path: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    table = people_of(50)
    other = table.assign(
        age=table["age"].round(), since=table["since"].astype("datetime64[ns]").dt.tz_localize("Asia/Tokyo")
    )
    whole = pa.Table.from_pandas(other)
    whole = whole.set_column(1, "age", whole["age"].cast(pa.decimal128(20, 3)))
    whole = whole.set_column(5, "member", pa.array(other["member"].astype("int8")))
    pa.parquet.write_table(whole, tmp_path / "in.parquet")
    score(model, None, str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet"), Options())
    assert (read(tmp_path / "out.parquet")["probability_true"] == model.predict_proba(other)[:, 1]).all()
    with pytest.raises(
        InputError, match=r"in.parquet: age: the model takes numbers or booleans here; the column holds"
    ):
        scored(model, tmp_path, table.astype({"age": str}), "in.parquet", "out.parquet")
    (tmp_path / "in.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match=r"in.parquet: not Parquet, or cut short; fetch it again"):
        score(model, None, str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet"), Options())
