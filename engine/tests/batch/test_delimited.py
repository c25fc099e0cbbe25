from pathlib import Path

import numpy as np
import pytest

from cairn.batch.block import Block
from cairn.batch.delimited import Csv
from cairn.errors import InputError
from cairn.rows.columns import Coder
from cairn.rows.signature import Column, Signature

SEEN = Signature(
    [
        Column("age", "number", low=0, high=99, missing=True),
        Column("city", "category", ["Bonn", "Oslo", "a;b"], missing=True),
        Column("member", "boolean", low=0, high=1, missing=True),
        Column("day", "time", low=0, high=1, missing=True),
    ]
)


def blocks(folder: Path, text: str | bytes, **options: object) -> list[Block]:
    (folder / "a.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return list(Csv(folder / "a.csv", "a.csv", Coder(SEEN), **options).blocks())  # type: ignore[arg-type]


def matrix(folder: Path, text: str | bytes, **options: object) -> list[list[float | None]]:
    found = np.concatenate([block.coded.matrix for block in blocks(folder, text, **options)])
    return [[None if np.isnan(cell) else cell for cell in row] for row in found.tolist()]


BAD = 'x,Bonn,yes,\n3,"Os\nlo",no,\n'  # the first of these rows makes the chunk be read row by row


@pytest.mark.parametrize("more", ["", BAD])
def test_cells_are_read_as_for_training(tmp_path: Path, more: str) -> None:
    text = "age,city,member,day\n 1.5 ,Oslo,YES,2024-01-31\n+2e1,,f,\n   ,Rome,0,2024-01-31T12:00:00Z\n.5,Bonn,T,\n"
    expected = [
        [1.5, 1.0, 1.0, 19753.0],
        [20.0, None, 0.0, None],
        [None, None, 0.0, 19753.5],
        [0.5, 0.0, 1.0, None],
        [3.0, None, 0.0, None],
    ]
    assert matrix(tmp_path, text + more) == expected[: 5 if more else 4]


@pytest.mark.parametrize("more", ["", BAD])
def test_texts_that_mean_missing_are_missing(tmp_path: Path, more: str) -> None:
    text = "age,city,member,day\n?, ?,? ,?\n"
    assert matrix(tmp_path, text + more, missing=["?"])[0] == [None] * 4


def test_what_parts_the_first_line_best_parts_all(tmp_path: Path) -> None:
    for mark in ";\t|":
        text = "day,member,city,age\n2024-01-31,true,Oslo,1\n".replace(",", mark)
        assert matrix(tmp_path, text) == [[1.0, 1.0, 1.0, 19753.0]]
    assert matrix(tmp_path, 'age;city;member;day\n1;"a;b";1;\n')[0][1] == 2.0


def test_the_line_the_column_and_the_reason_are_told(tmp_path: Path) -> None:
    text = b'age,city,member,day\n1,"two\nlines",1,\n\nx,Bonn,1,\n2,Bonn,1\n3,B\xffnn,1,\n4,Bonn,si,\n5,Bonn,1,soon\n6,Bonn,1,\n'
    (block,) = blocks(tmp_path, text)
    assert block.coded.matrix[:, 0].tolist() == [1.0, 6.0]
    assert [(bad.row, bad.column, bad.reason) for bad in block.bad] == [
        (5, "age", "age: a number is wanted; got 'x'"),
        (6, None, "3 cells, but the first line has 4"),
        (7, "city", "city: 'B�nn' is not UTF-8"),
        (8, "member", "member: true or false is wanted; got 'si'"),
        (9, "day", "day: 'soon' is no time such as 2024-01-31 or 2024-01-31T12:00:00Z"),
    ]
    assert block.bad[0].given == {"age": "x", "city": "Bonn", "member": "1", "day": ""}
    assert block.bad[1].given == "2,Bonn,1"


def test_a_bad_time_does_not_need_a_second_reading(tmp_path: Path) -> None:
    (block,) = blocks(tmp_path, 'age,city,member,day\n1,"a\nb",1,\n2,Bonn,1,soon\n')
    assert [(bad.row, bad.given) for bad in block.bad] == [
        (4, {"age": "2", "city": "Bonn", "member": "1", "day": "soon"})
    ]


def test_a_quote_in_the_middle_of_a_cell_opens_nothing(tmp_path: Path) -> None:
    text = 'age,city,member,day,note\n1,Bonn,1,,5" wide\n2,Oslo,1,,x\n3,Bonn,1,,6" wide\n'
    (block,) = blocks(tmp_path, text)
    assert block.coded.matrix[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert block.kept is not None
    assert block.kept["note"].to_pylist() == ['5" wide', "x", '6" wide']
    (block,) = blocks(tmp_path, text, verbatim=True)
    assert block.records is not None
    assert block.records.to_pylist() == [b"\n" + line.encode() for line in text.splitlines()[1:]]


def test_names_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a.csv: two columns are named 'age'; rename one"):
        blocks(tmp_path, "age,age,city,member,day\n")
    with pytest.raises(
        InputError, match=r"a.csv: no column 'day' \(known: age, city, member\), and the model needs it"
    ):
        blocks(tmp_path, "age, city ,member\n")
