"""Which kind of file an output is: its suffix says so."""

import os
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from io import FileIO
from pathlib import Path
from typing import Final

from attrs import evolve

from rnd_actors.collecting import Sample
from rnd_actors.errors import SettingsError, SinkError
from rnd_actors.sinks._appending import check_end, take_back
from rnd_actors.sinks._draft import replacing
from rnd_actors.sinks._existing import Existing, check_file
from rnd_actors.sinks._lines import LinesWriter, csv_rows, json_lines, json_lines_on_stdout
from rnd_actors.sinks._writer import SampleWriter

__all__ = [
    "STDOUT",
    "begin_output",
    "check_output",
    "check_suffix",
    "is_store",
    "write_file",
    "writer_for",
]

STDOUT: Final = Path("-")
"""Stands for stdout among outputs, as it does for most programs."""

_LINES: Final = {".jsonl": json_lines, ".csv": csv_rows}
_PARQUET: Final = ".parquet"
_STORES: Final = (".sqlite", ".db")
_KNOWN: Final = (*_LINES, _PARQUET, *_STORES)

OTHERWISE: Final = "unless existing is 'overwrite' or 'append'"
"""How programs say that a file may be overwritten or appended to."""


def check_suffix(output: Path, setting: str) -> None:
    """See whether samples can be written to a file of this name.

    Raises:
        SettingsError: its suffix is not known, or what writes such files is not installed.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.sinks import check_suffix
        >>> check_suffix(Path("samples.txt"), "--output")
        Traceback (most recent call last):
        rnd_actors.errors.SettingsError: --output takes files named .jsonl, .csv, ...
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


def check_output(
    output: Path, existing: Existing, setting: str = "outputs", otherwise: str = OTHERWISE
) -> None:
    """See whether samples can be written there without a loss of others, and touch nothing.

    Args:
        output: where to.
        existing: what becomes of samples that are there already; a store keeps all runs anyway.
        setting: what names it, for the error.
        otherwise: how one says that they may be overwritten or appended to, for the error.

    Raises:
        SettingsError: they cannot.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.sinks import Existing, check_output
        >>> check_output(Path("/no/such/folder/a.csv"), Existing.REFUSE)
        Traceback (most recent call last):
        rnd_actors.errors.SettingsError: outputs takes files in folders that exist, ...
    """
    check_suffix(output, setting)
    if output == STDOUT:
        return
    refused = f"files that are not there yet or hold nothing, {otherwise}"
    keeps = is_store(output) or existing is not Existing.REFUSE
    has_draft = output.suffix.lower() not in _LINES
    check_file(output, setting, has_draft=has_draft, refused=None if keeps else refused)
    if existing is Existing.APPEND:
        if output.suffix.lower() == _PARQUET:
            accepted = "files to append to named .jsonl or .csv: .parquet can only be replaced"
            raise SettingsError(setting, accepted, str(output))
        if writer := _lines_writer(output):
            check_end(output, writer, setting)


def begin_output(
    output: Path, existing: Existing, earlier: tuple[Sample, ...] = (), setting: str = "outputs"
) -> None:
    """Make a file ready for all samples of a run: take away what is not to stay.

    Args:
        output: where it is.
        existing: what becomes of what it holds.
        earlier: samples of the run that are written there anew, since it goes on.
        setting: what names it, for the error.

    Raises:
        SettingsError: another run has been appended since.
        SinkError: it cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors.sinks import Existing, begin_output
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "samples.jsonl")
        ...     size = path.write_text("those of another run")
        ...     begin_output(path, Existing.OVERWRITE)
        ...     path.read_text()
        ''
    """
    writer = _lines_writer(output)
    if writer is None or not output.is_file():
        return
    try:
        if existing is Existing.OVERWRITE:
            os.truncate(output, 0)
        elif existing is Existing.APPEND:
            take_back(output, writer, earlier, setting)
    except OSError as error:
        raise SinkError(f"cannot write {output}: {error.strerror}") from error


def write_file(
    output: Path, existing: Existing, batches: Iterable[Sequence[Sample]], setting: str
) -> None:
    """Write samples that are all there to a file, which is replaced as a whole or not at all.

    Args:
        output: where to, which was checked before; `-` is stdout.
        existing: what becomes of what it holds.
        batches: the samples, a part at a time.
        setting: what names it, for the error.

    Raises:
        SinkError: they cannot be written; what was there is there still.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors import Sample
        >>> from rnd_actors.sinks import Existing, write_file
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "samples.csv")
        ...     write_file(path, Existing.REFUSE, [[Sample(0, 42, 3, 1, 0, 0.5)]], "FILE")
        ...     path.read_text().splitlines()[1]
        '0,42,3,1,0,0.5'
    """
    is_replaced = output != STDOUT and (not output.exists() or output.is_file())
    if existing is Existing.APPEND or not is_replaced:
        begin_output(output, existing, setting=setting)
        _write_all(writer_for(output), batches)
        return
    try:
        with replacing(output) as file:
            if writer := _lines_writer(output):
                opened = FileIO(file.fileno(), "w", closefd=False)
                _write_all(evolve(writer, open_file=lambda: opened), batches)
            else:
                from rnd_actors.sinks._parquet import write_parquet  # noqa: PLC0415

                write_parquet(file, output, batches)
    except OSError as error:
        raise SinkError(f"cannot write {output}: {error.strerror}") from error


def _write_all(writer: SampleWriter, batches: Iterable[Sequence[Sample]]) -> None:
    writer.open()
    try:
        for samples in batches:
            writer.write(samples)
    finally:
        writer.close()


def _lines_writer(output: Path) -> LinesWriter | None:
    make = _LINES.get(output.suffix.lower())
    return make(output) if make and output != STDOUT else None


def is_store(output: Path) -> bool:
    """Say whether this names a store of runs rather than a file of samples.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.sinks import is_store
        >>> is_store(Path("runs.db")), is_store(Path("samples.csv"))
        (True, False)
    """
    return output.suffix.lower() in _STORES


def writer_for(output: Path) -> SampleWriter:
    """Return what writes samples to a file of this name, or to stdout if it is `-`.

    Raises:
        SettingsError: its suffix is not known, or is one of a store.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.sinks import writer_for
        >>> writer_for(Path("samples.csv")).name
        'samples.csv'
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
