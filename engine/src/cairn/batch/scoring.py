"""Score a file: read, predict and write in blocks, all three at the same time."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from cairn.batch import locations, outputs
from cairn.batch import rejected_rows as aside
from cairn.batch.block import Bad, Block, Input
from cairn.batch.overlap import ahead
from cairn.batch.results import Results
from cairn.errors import InputError
from cairn.models.saved import Model
from cairn.rows.columns import Coder
from cairn.rows.records import Policy, Reader

if TYPE_CHECKING:
    import pyarrow as pa

BadRows = Literal["refuse", "aside"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file is scored.

    Parameters
    ----------
    bad_rows : whether a row that the model cannot take ends it all, or is set aside
    keep : the columns of the input that go to the output; None: all
    unseen, missing : whether what training did not show is taken as missing, or makes a row bad
    missing_texts, delimiter : of CSV, as conf/data says them of the data that the model was trained on
    """

    bad_rows: BadRows = "refuse"
    keep: Sequence[str] | None = None
    unseen: Policy = "allow"
    missing: Policy = "allow"
    missing_texts: Sequence[str] = ()
    delimiter: str | None = None


@dataclass
class Scored:
    """What became of a file.

    Parameters
    ----------
    aside : the file of the rows that were set aside
    rows, bad : how many were scored, and set aside
    seconds : that it took
    """

    aside: str
    rows: int = 0
    bad: int = 0
    seconds: float = 0.0


def score(model: Model, version: str | None, source: str, output: str, options: Options) -> Scored:
    """Score a file, whole or not at all.

    Parameters
    ----------
    model : what predicts
    version : what the column `model_version` says; None: nothing
    source, output : paths or addresses; their endings tell the formats

    Raises
    ------
    InputError : the input cannot be read or lacks a column, a row is bad and `options` refuse it, or the output cannot
        be written
    """
    began = perf_counter()
    given, goal = locations.place(source), locations.place(output)
    done = Scored(aside.goal_of(goal).address)
    with ExitStack() as stack:
        file = stack.enter_context(locations.read_from(given))
        partial = stack.enter_context(locations.write_to(goal))
        others = stack.enter_context(aside.Aside(aside.goal_of(goal)))
        table = _input(model, file, given, goal, options)
        results = Results(model, version, table.names if options.keep is None else options.keep)
        writer = stack.enter_context(_output(partial, goal, table, results))
        for block, said in _scored(table, results, given.name, options.bad_rows):
            writer.write(block.kept, block.records, said)
            others.write(block.bad)
            done.rows, done.bad = done.rows + said.num_rows, done.bad + len(block.bad)
    done.seconds = perf_counter() - began
    return done


def _scored(table: Input, results: Results, name: str, bad_rows: BadRows) -> "Iterator[tuple[Block, pa.Table]]":
    """Read and predict ahead of who writes, and show how far it is."""
    from tqdm import tqdm

    def predicted(blocks: Iterator[Block]) -> "Iterator[tuple[Block, pa.Table]]":
        for block in blocks:
            if block.bad and bad_rows == "refuse":
                raise InputError(_refusal(name, table.word, block.bad[0]))
            yield block, results.of(block.coded)

    with tqdm(total=table.rows, desc="predict", unit=" rows", unit_scale=True, disable=None) as bar:
        for block, said in ahead(predicted(ahead(table.blocks()))):
            yield block, said
            bar.update(said.num_rows + len(block.bad))


def _refusal(name: str, word: str, bad: Bad) -> str:
    advice = "--bad-rows aside sets such rows aside"
    return f"{name}, {word} {bad.row:,}: {bad.reason}; nothing is written ({advice})"


def _input(model: Model, file: Path, given: locations.Place, goal: locations.Place, options: Options) -> Input:
    from cairn.batch.columnar import Columnar
    from cairn.batch.delimited import Csv
    from cairn.batch.json_lines import JsonLines

    verbatim = options.keep is None and given.ending == goal.ending
    policies = {"unseen": options.unseen, "missing": options.missing}
    if given.kind == "jsonl":
        return JsonLines(file, given.name, Reader(model.signature, **policies), keep=options.keep, verbatim=verbatim)
    coder = Coder(model.signature, **policies)
    if given.kind != "csv":
        return Columnar(file, given.name, given.kind, coder, keep=options.keep)
    delimiter = "\t" if given.ending == ".tsv" else options.delimiter
    return Csv(
        file,
        given.name,
        coder,
        keep=options.keep,
        verbatim=verbatim,
        missing=options.missing_texts,
        delimiter=delimiter,
    )


def _output(
    partial: Path, goal: locations.Place, table: Input, results: Results
) -> "AbstractContextManager[outputs.Output]":
    return outputs.opened(
        partial,
        goal.kind,
        table.schema,
        results.schema,
        delimiter=table.delimiter if table.verbatim else "\t" if goal.ending == ".tsv" else ",",
        header=table.header if table.verbatim else None,
        packed=goal.name.lower().endswith(".gz"),
    )
