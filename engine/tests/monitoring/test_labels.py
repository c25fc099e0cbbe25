import json

import duckdb
import pytest
from engine.tests.monitoring.models import Recorded

from cairn.errors import InputError
from cairn.monitoring.labels import join_labels
from cairn.rows.signature import Column, Signature

BINARY = Signature([Column("age", "number")], target="bought", task="binary", classes=[False, True])


def served(requests=("a", "b", "c", "d"), rows=None):
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE recorded (request_id VARCHAR, row INTEGER, window_number INTEGER, prediction BOOLEAN, "
        "probabilities DOUBLE[], age DOUBLE)"
    )
    for place, request in enumerate(requests):
        row = rows[place] if rows else 0
        connection.execute("INSERT INTO recorded VALUES (?, ?, 0, true, [0.4, 0.6], ?)", [request, row, place + 20])
    return Recorded(connection, [], {"age": "age"})


def labelled(recorded):
    return recorded.connection.execute("SELECT request_id, row, actual FROM labelled ORDER BY ALL").fetchall()


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl", "labels.parquet"])
def test_labels_are_joined_by_the_request_whatever_the_format(tmp_path, name):
    path, recorded = tmp_path / name, served()
    if name.endswith("csv"):
        path.write_text("request_id,bought\na,true\nc,false\n")
    elif name.endswith("jsonl"):
        path.write_text('{"request_id": "a", "bought": true}\n{"request_id": "c", "bought": false}\n')
    else:
        rows = "SELECT * FROM (VALUES ('a', true), ('c', false)) t(request_id, bought)"
        duckdb.execute(f"COPY ({rows}) TO '{path}'")
    told = join_labels(recorded, str(path), signature=BINARY)
    assert labelled(recorded) == [("a", 0, 1), ("c", 0, 0)]
    assert (told.rows, told.unlabelled, told.unknown, told.contradicting, told.troubles) == (2, 2, 0, 0, [])


def test_labels_that_contradict_are_counted_named_and_left_out(tmp_path):
    path, recorded = tmp_path / "labels.csv", served()
    path.write_text("request_id,bought\na,1\na,0\nb,1\nb,1\n")
    told = join_labels(recorded, str(path), signature=BINARY)
    assert labelled(recorded) == [("b", 0, 1)] and told.contradicting == 1
    (trouble,) = told.troubles
    assert "1 keys have several different labels" in trouble and "'a'" in trouble


def test_labels_of_requests_that_are_not_recorded_are_counted(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("request_id,bought\na,1\nx,0\ny,1\n")
    told = join_labels(served(), str(path), signature=BINARY)
    assert (told.rows, told.unknown) == (1, 2)


def test_a_label_that_is_null_has_not_arrived(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text('{"request_id": "a", "bought": null}\n{"request_id": "b", "bought": true}\n')
    told = join_labels(served(), str(path), signature=BINARY)
    assert (told.rows, told.unlabelled, told.troubles) == (1, 3, [])


def test_a_class_that_the_model_does_not_know_is_told_and_left_out(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("request_id,bought\na,maybe\nb,true\n")
    told = join_labels(served(), str(path), signature=BINARY)
    (trouble,) = told.troubles
    assert told.rows == 1 and "'maybe' in column 'bought', are not one of [False, True]" in trouble


def test_no_label_that_the_model_knows_is_an_error(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("request_id,bought\na,maybe\n")
    with pytest.raises(InputError, match="is it the right column"):
        join_labels(served(), str(path), signature=BINARY)


def test_a_column_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("request_id,bougth\na,true\n")
    with pytest.raises(InputError, match=r"^labels: no column 'bought'.*bougth"):
        join_labels(served(), str(path), signature=BINARY)
    with pytest.raises(InputError, match=r"^labels: no column 'customer'"):
        join_labels(served(), str(path), signature=BINARY, key="customer", target="bougth")


def test_a_file_that_is_not_there_is_one_line():
    with pytest.raises(InputError, match=r"^labels: .*nowhere\.csv") as caught:
        join_labels(served(), "nowhere.csv", signature=BINARY)
    assert "\n" not in str(caught.value)


def test_rows_of_one_request_need_their_places(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("request_id,bought\na,1\nb,0\n")
    recorded = served(["a", "a", "b"], [0, 1, 0])
    told = join_labels(recorded, str(path), signature=BINARY)
    assert labelled(recorded) == [("b", 0, 0)] and "add a column 'row'" in told.troubles[0]
    path.write_text("request_id,row,bought\na,0,1\na,1,0\nb,0,0\n")
    told = join_labels(recorded, str(path), signature=BINARY)
    assert labelled(recorded) == [("a", 0, 1), ("a", 1, 0), ("b", 0, 0)] and told.troubles == []


def test_an_id_of_the_callers_own_is_the_request_id(tmp_path):
    path, recorded = tmp_path / "labels.csv", served(["17", "0018"])
    path.write_text("customer_id,bought\n17,1\n0018,0\n")
    told = join_labels(recorded, str(path), signature=BINARY, key="customer_id")
    assert labelled(recorded) == [("0018", 0, 0), ("17", 0, 1)] and told.unknown == 0


def test_a_feature_that_is_an_id_is_joined_as_a_number(tmp_path):
    path, recorded = tmp_path / "labels.csv", served()
    path.write_text("age,bought\n21,1\n99,1\n")  # recorded as 20.0, 21.0, ...
    told = join_labels(recorded, str(path), signature=BINARY, key="age", keep=["age"])
    assert labelled(recorded) == [("b", 0, 1)] and told.unknown == 1


def test_numbers_that_are_none_are_told(tmp_path):
    about = Signature([Column("age", "number")], target="price", task="regression")
    path, recorded = tmp_path / "labels.jsonl", served()
    path.write_text(
        "\n".join(json.dumps({"request_id": key, "price": value}) for key, value in [("a", "2.5"), ("b", "x")])
    )
    told = join_labels(recorded, str(path), signature=about)
    assert labelled(recorded) == [("a", 0, 2.5)] and "are not a number" in told.troubles[0]
