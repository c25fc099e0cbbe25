"""Files of a commit, read where DVC keeps them."""

import shutil
from pathlib import Path

import pytest

from cairn.errors import InputError
from cairn.registry.commit_files import Stored

MODEL = Path("models/model")


def test_an_older_commit_is_read_from_the_cache_while_the_working_tree_stays(ann):
    first = ann.git("rev-parse", "HEAD")
    ann.commit(2)
    stored = Stored(first)
    assert sorted(stored.below(MODEL)) == [MODEL / "model_card.md", MODEL / "one", MODEL / "two"]
    assert stored.cached(MODEL / "one").read_text() == "one1"
    assert (MODEL / "one").read_text() == "one2"
    assert ann.git("status", "--porcelain") == ""


def test_what_the_cache_lacks_is_copied_from_the_remote(ann, tmp_path):
    ann.run("dvc", "push", "--quiet")
    shutil.rmtree(".dvc/cache")
    shutil.rmtree(MODEL)
    stored = Stored("HEAD")
    assert stored.has(MODEL / "two")
    assert stored.cached(MODEL / "two") is None
    assert stored.fetch(MODEL / "two", tmp_path / "copy").read_text() == "two1"
    assert not MODEL.exists()


def test_what_neither_has_is_said_in_one_line(ann, tmp_path):
    shutil.rmtree(".dvc/cache")
    shutil.rmtree(MODEL)
    with pytest.raises(InputError, match=r"models/model of commit HEAD is neither in the cache nor in the remote"):
        Stored("HEAD").below(MODEL)
    with pytest.raises(InputError, match=r"data.txt of commit HEAD is neither in the cache"):
        Stored("HEAD").fetch(Path("data.txt"), tmp_path / "copy")


def test_a_commit_without_the_file_or_the_folder_is_no_error(ann):
    stored = Stored("HEAD")
    assert stored.below(Path("data/raw")) == []
    assert not stored.has(Path("data/interim/features.parquet"))
