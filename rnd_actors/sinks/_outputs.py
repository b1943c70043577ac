"""Outputs by their names: which are accepted, how each is prepared, and what writes it."""

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from importlib.util import find_spec
from io import FileIO
from pathlib import Path
from typing import Final

from attrs import evolve

from rnd_actors.collectors import Sample
from rnd_actors.errors import SettingsError
from rnd_actors.sinks._files import (
    Existing,
    LinesWriter,
    check_appendable,
    check_file,
    csv_rows,
    cut_run,
    json_lines,
    json_lines_on_stdout,
    replacing,
    sink_errors,
)
from rnd_actors.sinks._sink import SampleWriter

STDOUT: Final = Path("-")
"""Stands for stdout among outputs, as it does for most programs."""

_LINES: Final = {".jsonl": json_lines, ".csv": csv_rows}
_PARQUET: Final = ".parquet"
_STORES: Final = (".sqlite", ".db")
_KNOWN: Final = (*_LINES, _PARQUET, *_STORES)


def check_suffix(output: Path, setting: str) -> None:
    """Check that samples can be written to a file of this name.

    Raises:
        SettingsError: its suffix is not known, or the writer of such files is not installed.
    """
    suffix = output.suffix.lower()
    if output != STDOUT and suffix not in _KNOWN:
        known = ", ".join(_KNOWN[:-1])
        raise SettingsError(setting, f"files named {known} or {_KNOWN[-1]}, or -", str(output))
    if "\0" in str(output):
        raise SettingsError(setting, "names without null characters", str(output))
    if suffix == _PARQUET and find_spec("pyarrow") is None:
        raise SettingsError(
            setting,
            "files named .parquet only with pyarrow (pip install 'rnd-actors[parquet]')",
            str(output),
        )


def is_store(output: Path) -> bool:
    """Return whether this names a store of runs rather than a file of samples."""
    return output.suffix.lower() in _STORES


def check_output(
    output: Path,
    existing: Existing,
    setting: str = "outputs",
    otherwise: str = "unless existing is 'overwrite' or 'append'",
) -> None:
    """Check that samples can be written to an output without a loss of others; change nothing.

    Args:
        output: a file or `-`.
        existing: what becomes of the samples that it holds; a store keeps all runs anyway.
        setting: the name of the setting, for the error.
        otherwise: how the user allows to overwrite it or to append to it, for the error.

    Raises:
        SettingsError: they cannot.
    """
    check_suffix(output, setting)
    if output == STDOUT:
        return
    writer = _lines_writer(output)
    refused = f"files that are not there yet or hold nothing, {otherwise}"
    keeps = is_store(output) or existing is not Existing.REFUSE
    check_file(output, setting, has_draft=writer is None, refused=None if keeps else refused)
    if existing is Existing.APPEND:
        if output.suffix.lower() == _PARQUET:
            accepted = "files to append to named .jsonl or .csv: .parquet can only be replaced"
            raise SettingsError(setting, accepted, str(output))
        if writer:
            check_appendable(output, writer, setting)


def begin_output(output: Path, existing: Existing, earlier: Sequence[Sample] = ()) -> None:
    """Prepare a file for all samples of a run, also the `earlier` ones: remove what is not to stay.

    Raises:
        SettingsError: another run has been appended since.
        SinkError: the file cannot be written.
    """
    writer = _lines_writer(output)
    if writer is None or not output.is_file():
        return
    with sink_errors(output):
        if existing is Existing.OVERWRITE:
            os.truncate(output, 0)
        elif existing is Existing.APPEND:
            cut_run(output, writer, earlier)


def writer_for(output: Path) -> SampleWriter:
    """Return the writer of samples to a file of this name, or to stdout if it is `-`.

    Raises:
        SettingsError: its suffix is not known, or is that of a store.
    """
    check_suffix(output, "a sink")
    if output == STDOUT:
        return json_lines_on_stdout()
    if writer := _lines_writer(output):
        return writer
    if output.suffix.lower() == _PARQUET:
        from rnd_actors.sinks._parquet import ParquetWriter  # noqa: PLC0415  # it may be missing

        return ParquetWriter(output)
    raise SettingsError("a sink", "a file of samples; a store is written by a run", str(output))


def write_file(output: Path, existing: Existing, batches: Iterable[Sequence[Sample]]) -> None:
    """Write samples that are all known to a file, which is replaced as a whole or not at all.

    Args:
        output: the file, checked by `check_output`; `-` is stdout.
        existing: what becomes of its content.
        batches: the samples, a part at a time.

    Raises:
        SinkError: they cannot be written; the file is as it was.
    """
    is_replaced = output != STDOUT and (not output.exists() or output.is_file())
    if existing is Existing.APPEND or not is_replaced:
        _write_all(writer_for(output), batches)
        return
    with replacing(output) as file:
        if writer := _lines_writer(output):
            draft = FileIO(file.fileno(), "w", closefd=False)
            _write_all(evolve(writer, open_file=lambda: draft), batches)
        else:
            from rnd_actors.sinks._parquet import write_parquet  # noqa: PLC0415

            write_parquet(file, output, batches)


def _write_all(writer: SampleWriter, batches: Iterable[Sequence[Sample]]) -> None:
    writer.open()
    with closing(writer):
        for samples in batches:
            writer.write(samples)


def _lines_writer(output: Path) -> LinesWriter | None:
    make = _LINES.get(output.suffix.lower())
    return make(output) if make and output != STDOUT else None
