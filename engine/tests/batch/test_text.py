import csv
import gzip
import io
from pathlib import Path

import pytest

from cairn.batch.text import chunks
from cairn.errors import InputError

HEAD = b'id,note\n1,plain\n2,"two\nlines"\n3,"a ""quote"", and a\nline"\n\n4,"x"\n'


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_chunks_hold_whole_records_wherever_the_file_is_cut(
    tmp_path: Path, size: int, end: bytes, packed: bool
) -> None:
    text = (HEAD * 3).removesuffix(b"\n").replace(b"\n", end)
    file = tmp_path / "a.csv"
    file.write_bytes(gzip.compress(text) if packed else text)
    found, lines = [], []
    for chunk in chunks(file, "a.csv", quoted=True, size=size):
        records = chunk.records().to_pylist()
        assert len(records) == chunk.count()
        found += [record.removeprefix(b"\n").decode() for record in records]
        lines += [chunk.line_of(number) for number in range(chunk.count())]
    rows = list(csv.reader(io.StringIO(HEAD.decode() * 3)))
    assert [next(csv.reader(io.StringIO(each, newline=""))) for each in found] == [row for row in rows if row]
    assert lines == [start + 8 * block for block in range(3) for start in (1, 2, 3, 5, 8)]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfid\n1\n")
    assert [chunk.text for chunk in chunks(tmp_path / "a.csv", "a.csv", quoted=True)] == [b"id\n1\n"]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b'id\n1\n"2\n3\n', r'a.csv, line 3: a quote \("\) is opened and not closed'),
        (gzip.compress(b"id\n1\n" * 1000, mtime=0)[:-12], "a.csv: the gzip stream is broken or cut short"),
        ("id\n1\n".encode("utf-16"), "a.csv: UTF-16; convert it: iconv"),
    ],
)
def test_what_is_no_text_of_records_gets_one_line(tmp_path: Path, content: bytes, trouble: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=trouble):
        list(chunks(tmp_path / "a.csv", "a.csv", quoted=True))


def test_a_record_without_an_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.batch.text.LONGEST", 1000)
    (tmp_path / "a.csv").write_bytes(b'id\n"' + b"x\n" * 100_000)
    read = []
    with pytest.raises(InputError, match="line 2: a quote"):
        read += chunks(tmp_path / "a.csv", "a.csv", quoted=True, size=100)
