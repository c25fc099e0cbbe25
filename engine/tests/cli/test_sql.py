"""`cairn sql` asks the tables that are here, or those of a commit."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from cairn.cli import main


def write(query: str, path: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(query).write_parquet(path)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("SELECT i AS id, 'Rome' AS city FROM range(3) AS r(i)", "data/raw/people.parquet")
    write("SELECT i AS id, i * 2 AS spent FROM range(3) AS r(i)", "data/interim/features.parquet")
    return tmp_path


@pytest.fixture
def committed(project, monkeypatch):
    """Give `run`, in a repository whose first commit has the tag of a version, and whose second has more rows."""
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "test@example.invalid")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(project / "site"))

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)

    run("git", "init", "--quiet")
    run("dvc", "init", "--quiet")
    run("dvc", "add", "--quiet", "data/raw", "data/interim/features.parquet")
    run("git", "add", "data", ".dvc")
    run("git", "commit", "--quiet", "--message", "three rows")
    run("git", "tag", "--annotate", "model@v0.0.1", "--message", "first")
    write("SELECT i AS id, 'Rome' AS city FROM range(5) AS r(i)", "data/raw/people.parquet")
    run("dvc", "add", "--quiet", "data/raw")
    run("git", "commit", "--quiet", "--all", "--message", "five rows")
    return run


def asked(capsys, *arguments):
    main.main(["sql", *arguments])
    return capsys.readouterr().out


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main.main(["sql", *arguments])
    assert "\n" not in ended.value.code
    return ended.value.code


def test_raw_tables_and_features_are_joined_by_name(project, capsys):
    text = asked(
        capsys, "--format", "csv", "select city, sum(spent) as s from people join features using (id) group by 1"
    )
    assert list(csv.reader(io.StringIO(text))) == [["city", "s"], ["Rome", "6"]]


def test_without_a_query_the_tables_are_listed_with_rows_and_columns(project, capsys):
    write("FROM 'data/interim/features.parquet'", "data/processed/train.parquet")
    assert asked(capsys).splitlines() == [
        "people, 3 rows", "    id BIGINT, city VARCHAR", "features, 3 rows", "    id BIGINT, spent BIGINT",
        "train, 3 rows", "    the columns of features",
    ]  # fmt: skip
    listed = json.loads(asked(capsys, "--format", "json"))
    assert listed[1] == {"table": "people", "rows": 3, "column": "city", "type": "VARCHAR"}


def test_a_misspelt_column_is_one_line_with_the_nearest(project, capsys):
    assert "Candidate bindings:" in refused(capsys, "select ctiy from people")
    assert "`cairn sql` lists the tables" in refused(capsys, "from peple")
    assert refused(capsys, "") == "error: sql: one query is wanted, and there are 0"


def test_where_nothing_was_made_yet_it_says_how(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert refused(capsys) == "error: no table here yet; `dvc repro` makes them"


def test_a_version_has_the_rows_that_it_had(committed, capsys):
    count = ("--format", "csv", "select count(*) from people")
    assert asked(capsys, *count).split()[1] == "5"
    assert asked(capsys, "--rev", "HEAD", *count).split()[1] == "5"
    assert asked(capsys, "--rev", "v0.0.1", *count).split()[1] == "3"
    assert duckdb.sql("SELECT count(*) FROM 'data/raw/people.parquet'").fetchall() == [(5,)]
    assert "no stage, version, experiment" in refused(capsys, "--rev", "v0.0.2", "from people")


def test_only_the_tables_that_a_query_names_are_fetched(committed, project, capsys):
    committed("dvc", "remote", "add", "--default", "store", str(project.parent / f"{project.name}-store"))
    committed("dvc", "push", "--quiet", "data/raw.dvc")  # the features are not there
    for path in (project / ".dvc" / "cache").rglob("*"):
        path.chmod(0o700)
    subprocess.run(["rm", "-r", ".dvc/cache", "data/raw"], check=True)
    assert asked(capsys, "--rev", "HEAD", "--format", "csv", "select count(*) from people").split()[1] == "5"
    assert "is neither in the cache nor in the remote" in refused(capsys, "--rev", "HEAD", "from features")
    main.main(["sql", "--rev", "HEAD"])
    said = capsys.readouterr()
    assert said.out.startswith("people, 5 rows")
    assert "left out: data/interim/features.parquet" in said.err
    assert not Path("data/raw").exists()


def test_a_reader_that_has_seen_enough_ends_it_without_a_word(project):
    write("SELECT i AS id, md5(i::VARCHAR) AS hash FROM range(1000000) AS r(i)", "data/raw/many.parquet")
    command = [sys.executable, "-m", "cairn.cli.main", "sql", "from many", "--format"]
    for form in ("table", "csv", "json"):
        process = subprocess.Popen([*command, form], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(240) == 1
