from pathlib import Path

import numpy as np
import pytest

from cairn.batch.block import Block
from cairn.batch.json_lines import JsonLines
from cairn.errors import InputError
from cairn.rows.records import Reader
from cairn.rows.signature import Column, Signature

SEEN = Signature(
    [
        Column("age", "number", low=0, high=99, missing=True),
        Column("city", "category", ["Bonn", "Oslo"], missing=True),
        Column("member", "boolean", low=0, high=1, missing=True),
    ]
)
FIRST = '{"age": 1, "city": "Oslo", "member": true, "tags": [1]}\n'


def blocks(folder: Path, text: str | bytes, **options: object) -> list[Block]:
    (folder / "a.jsonl").write_bytes(text.encode() if isinstance(text, str) else text)
    return list(JsonLines(folder / "a.jsonl", "a.jsonl", Reader(SEEN), **options).blocks())  # type: ignore[arg-type]


def test_rows_are_read_as_a_server_reads_them(tmp_path: Path) -> None:
    text = FIRST + '\n{"city": "Rome", "age": null}\r\n  {"member": 0, "age": 2.5, "city": "Bonn"}\n'
    (block,) = blocks(tmp_path, text)
    expected = [[1, 1, 1], [np.nan, np.nan, np.nan], [2.5, 0, 0]]
    np.testing.assert_array_equal(block.coded.matrix, expected)
    assert block.kept is not None
    assert block.kept.to_pylist() == [
        {"age": 1.0, "city": "Oslo", "member": True, "tags": [1]},
        {"age": None, "city": "Rome", "member": None, "tags": None},
        {"age": 2.5, "city": "Bonn", "member": False, "tags": None},
    ]


@pytest.mark.parametrize("verbatim", [False, True])
def test_lines_that_are_no_rows_are_told_apart(tmp_path: Path, verbatim: bool) -> None:
    bad = ["null", "[1]", "{}", '{"age": 1', '{"age": "1", "city": 5}', '{"age": 1} {"age": 2}', '"text"']
    (block,) = blocks(tmp_path, FIRST + "\n".join(bad) + "\n" + FIRST, verbatim=verbatim)
    assert block.coded.matrix.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert [each.row for each in block.bad] == [2, 3, 4, 5, 6, 7, 8]
    reasons = [each.reason for each in block.bad]
    assert reasons[:3] == [f'a row is {{"column": value}}; got {text}' for text in ("None", "[1]", "{}")]
    assert reasons[3].startswith("broken JSON: ")
    assert reasons[4] == "age: a number is wanted; got '1'"
    assert reasons[5].startswith("broken JSON: ")
    assert [each.given for each in block.bad[3:5]] == ['{"age": 1', {"age": "1", "city": 5}]


def test_bytes_that_are_not_utf8_make_a_bad_row(tmp_path: Path) -> None:
    (block,) = blocks(tmp_path, FIRST.encode() + b'{"city": "B\xffnn"}\n')
    assert [(each.row, each.given) for each in block.bad] == [(2, '{"city": "B�nn"}')]


def test_a_value_of_another_type_than_its_column_makes_a_bad_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.batch.text.chunks.__kwdefaults__", {"size": 60})
    found = blocks(tmp_path, FIRST + FIRST.replace("[1]", '"x"') + FIRST.replace("[1]", "[2]"))
    assert [block.kept["tags"].to_pylist() for block in found if block.kept is not None] == [[[1]], [], [[2]]]
    assert [bad.reason for block in found for bad in block.bad] == [
        "tags: 'x' in a column that began as list<item: int64>"
    ]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a.jsonl, line 1: broken JSON"):
        blocks(tmp_path, "age,city,member\n1,Oslo,true\n")
    with pytest.raises(InputError, match=r"a.jsonl: no column 'member'"):
        blocks(tmp_path, '{"age": 1, "city": "Oslo"}\n')
