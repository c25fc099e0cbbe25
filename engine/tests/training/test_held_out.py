"""Held-out predictions come back from disk to the bit, with the shape that they had."""

import numpy as np
import pytest

from cairn.training import held_out


@pytest.mark.parametrize("columns", [None, 2, 3], ids=["regression", "binary", "multiclass"])
def test_what_was_held_out_is_read_as_it_was_written(tmp_path, columns):
    draw = np.random.default_rng(0)
    actual = draw.normal(size=40) if columns is None else draw.integers(0, columns, 40).astype("int32")
    predicted = draw.random(40) if columns is None else draw.dirichlet(np.ones(columns), 40)
    path = tmp_path / "folder" / "held_out.parquet"
    held_out.write(path, actual, predicted)
    again = held_out.read(path)
    assert [each.dtype for each in again] == [actual.dtype, predicted.dtype]
    assert np.array_equal(again[0], actual)
    assert np.array_equal(again[1], predicted)
    content = path.read_bytes()
    held_out.write(path, actual, predicted)
    assert path.read_bytes() == content
