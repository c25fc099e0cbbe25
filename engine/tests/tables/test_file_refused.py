"""A user's file with a mistake in it: the one line for each thing that can be wrong."""

import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest
from engine.tests.tables.files import put, refused

from cairn.errors import InputError
from cairn.tables.file import File

LATE = "a,b,y\n" + "".join(f"{n},x{n},1\n" for n in range(30_000))
CASES: dict[str, tuple[str, str | bytes, dict[str, Any], str]] = {
    "empty": ("t.csv", "", {}, "t.csv: the file is empty"),
    "empty once unpacked": ("t.csv.gz", gzip.compress(b"", mtime=0), {}, "t.csv.gz: the file is empty"),
    "no first line": ("t.csv", "\na,y\n1,2\n", {}, "t.csv: the first line is empty"),
    "an endless line": (
        "t.csv",
        "a,y\n1,2\n" + "x" * 3_000_000 + ",3\n",
        {},
        "t.csv, line 3: longer than 2 MB; is a line's end missing?",
    ),
    "no rows in JSON": ("t.json", "[]", {}, "t.json: no rows"),
    "same key twice in a row": (
        "t.jsonl",
        '{"a": 1, "y": 1}\n{"a": 1, "a": 2, "y": 1}\n',
        {},
        't.jsonl: JSON transform error in file "t.jsonl", in line 2: Object {"a":1,"a":2,"y":1} has duplicate key "a"',
    ),
    "gzip cut short": (
        "t.csv.gz",
        gzip.compress(bytes(range(32, 127)) * 100, mtime=0)[:60],
        {},
        "t.csv.gz: the gzip stream is broken or cut short; fetch it again",
    ),
    "header only": ("t.csv", "a,y\n", {}, "t.csv: no rows, only the names of columns"),
    "latin1": (
        "t.csv",
        "a,y\ncafé,1\n".encode("latin1"),
        {},
        "t.csv, line 2: byte 4 is 0xe9, not UTF-8; convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW",
    ),
    "latin1 late": (
        "t.csv",
        LATE.encode() + "1,café,1\n".encode("latin1"),
        {},
        "t.csv, line 30002: byte 6 is 0xe9, not UTF-8; convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW",
    ),
    "utf-16": (
        "t.csv",
        b"\xff\xfe" + "a,y\n1,2\n".encode("utf-16-le"),
        {},
        "t.csv, line 1: byte 1 is 0xff, not UTF-8; convert the file: iconv -f UTF-16 -t UTF-8 OLD > NEW",
    ),
    "wrong delimiter": (
        "t.csv",
        "a;b;y\n1;2;3\n",
        {"delimiter": ","},
        "data.delimiter: ',' does not part 'a;b;y' in t.csv; ';' would",
    ),
    "same name twice": ("t.csv", "a,a,y\n1,2,3\n", {}, "t.csv: two columns are named 'a'; rename one"),
    "same name but for blanks": ("t.csv", "a, a,y\n1,2,3\n", {}, "t.csv: two columns are named 'a'; rename one"),
    "same name but for case": (
        "t.csv",
        "a,A,y\n1,2,3\n",
        {},
        "t.csv: columns 'a' and 'A' differ only in case, one name in SQL; rename one",
    ),
    "same key but for case": (
        "t.jsonl",
        '{"a": 1, "A": 2, "y": 3}\n',
        {},
        "t.jsonl: columns 'a' and 'A' differ only in case, one name in SQL; rename one",
    ),
    "no name": (
        "t.csv",
        ",a,y\n1,2,3\n",
        {},
        "t.csv: column 1 has no name; give it one (pandas: to_csv(..., index=False))",
    ),
    "no such target": (
        "adult.csv",
        "age,income\n1,2\n",
        {"target": "incom"},
        "data.target: no column 'incom' in adult.csv (did you mean 'income'?)",
    ),
    "too few cells": ("t.csv", "a,b,y\n1,2,3\n1,2\n", {}, "t.csv, line 3: 2 cells, but the first line has 3"),
    "too many cells": ("t.csv", "a,b,y\n1,2,3,4\n1,2,3\n", {}, "t.csv, line 2: 4 cells, but the first line has 3"),
    "too few cells late": ("t.csv", LATE + "1,2\n", {}, "t.csv, line 30002: 2 cells, but the first line has 3"),
    "open quote": ("t.csv", 'a,y\n1,2\n"x,3\n4,5\n', {}, 't.csv, line 3: a quote (") is opened and not closed'),
    "types mixed late": (
        "t.csv",
        LATE + "abc,x,1\n",
        {},
        "t.csv, line 30002: 'abc' in column 'a' is no BIGINT; say -S +data.types.a=VARCHAR if it is meant, "
        "or list it in data.missing",
    ),
    "not of the said type": (
        "t.csv",
        "a,y\n1,2\nx,3\n",
        {"types": {"a": "DOUBLE"}},
        "t.csv, line 3: 'x' in column 'a' is no DOUBLE; say another, or list it in data.missing",
    ),
    "no such type": (
        "t.csv",
        "a,y\n1,2\n",
        {"types": {"a": "BIGINTT"}},
        "data.types.a: no DuckDB type 'BIGINTT' (did you mean 'BIGINT'?)",
    ),
    "type of no column": (
        "t.csv",
        "age,y\n1,2\n",
        {"types": {"agee": "DOUBLE"}},
        "data.types: no column 'agee' in t.csv (did you mean 'age'?)",
    ),
    "time that is no time": (
        "t.csv",
        "when,y\n2026-01-31 10:00,1\nsoon,2\n",
        {"time": "when"},
        "t.csv, row 2: data.time: 'soon' in column 'when' is no TIMESTAMP; write it as 2026-01-31 10:30:00",
    ),
    "names that do not fit": (
        "t.csv",
        "1,2,3\n",
        {"columns": ["a", "y"]},
        "data.columns: 2 names for the 3 columns of t.csv",
    ),
    "broken JSON": (
        "t.jsonl",
        '{"y": 1}\n{"y": 2\n{"y": 3}\n',
        {},
        "t.jsonl, line 2: broken JSON: Expecting ',' delimiter (character 1)",
    ),
    "JSON that is no row": (
        "t.jsonl",
        '{"y": 1}\n7\n',
        {},
        't.jsonl, line 2: 7 is no row; write rows as {"column": value}',
    ),
    "JSON in latin1": (
        "t.jsonl",
        '{"y": "é"}\n'.encode("latin1"),
        {},
        "t.jsonl, line 1: byte 8 is 0xe9, not UTF-8; convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW",
    ),
    "JSON types mixed late": (
        "t.jsonl",
        '{"y": 1}\n' * 20_500 + '{"y": "x"}\n',
        {},
        "t.jsonl, row 20501: \"x\" in column 'y', which began with 1; say -S +data.types.y=VARCHAR if it is meant",
    ),
    "no Parquet": ("t.parquet", "a,y\n1,2\n", {}, "t.parquet: not a Parquet file, or cut short; fetch it again"),
    "no Arrow": ("t.arrow", "a,y\n1,2\n", {}, "t.arrow: not an Arrow file (Feather 2), or cut short"),
    "unknown format": (
        "t.xlsx",
        "?",
        {},
        "data.format: the name 't.xlsx' does not tell the format; say which: csv, jsonl, parquet, arrow",
    ),
    "misspelled format": (
        "t.csv",
        "y\n1\n",
        {"format": "parket"},
        "data.format: no format 'parket' (did you mean 'parquet'?)",
    ),
    "long delimiter": ("t.csv", "y\n1\n", {"delimiter": "||"}, "data.delimiter: '||' is not one character"),
    "other sha256": (
        "t.csv",
        "y\n1\n",
        {"sha256": "0" * 64},
        f"data.sha256: t.csv has {hashlib.sha256(b'y' + bytes([10]) + b'1' + bytes([10])).hexdigest()}, "
        f"not {'0' * 64}; another version of the file?",
    ),
}


@pytest.mark.parametrize(("name", "content", "options", "line"), CASES.values(), ids=CASES.keys())
def test_a_wrong_file_gets_one_line_and_leaves_nothing(
    tmp_path: Path, name: str, content: str | bytes, options: dict[str, Any], line: str
) -> None:
    refused(tmp_path, put(tmp_path, name, content), line, **options)


def test_a_wrong_path_gets_the_nearest_name(tmp_path: Path) -> None:
    put(tmp_path, "adult.csv", "y\n1\n")
    line = f"data.path: no file 'adlut.csv' in {tmp_path.name}/ (did you mean 'adult.csv'?)"
    refused(tmp_path, tmp_path / "adlut.csv", line)
    refused(tmp_path, tmp_path, f"data.path: {tmp_path} is a folder; name one file in it", format="csv")
    refused(tmp_path, tmp_path / "no" / "t.csv", f"data.path: no folder {tmp_path / 'no'}")
    refused(tmp_path, "gs://b/t.csv", "data.path: cannot read gs://; use a path, http://, https:// or s3://")


def test_path_and_target_must_be_said() -> None:
    with pytest.raises(InputError, match=r"^data\.path: say which file, e\.g\. -S data\.path=my\.csv$"):
        File(target="y")
    with pytest.raises(InputError, match=r"^data\.target: say which column to predict, e\.g\. -S data\.target=income$"):
        File(path="t.csv")
