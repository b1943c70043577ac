"""Which kind of file an output is: its suffix says so."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from rnd_actors.errors import SettingsError
from rnd_actors.sinks._lines import csv_rows, json_lines, json_lines_on_stdout
from rnd_actors.sinks._writer import SampleWriter

__all__ = ["STDOUT", "check_suffix", "is_store", "writer_for"]

STDOUT: Final = Path("-")
"""Stands for stdout among outputs, as it does for most programs."""

_LINES: Final = {".jsonl": json_lines, ".csv": csv_rows}
_PARQUET: Final = ".parquet"
_STORES: Final = (".sqlite", ".db")
_KNOWN: Final = (*_LINES, _PARQUET, *_STORES)


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
    if suffix == _PARQUET and find_spec("pyarrow") is None:
        raise SettingsError(
            setting,
            "files named .parquet only with pyarrow (pip install 'rnd-actors[parquet]')",
            str(output),
        )


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
    suffix = output.suffix.lower()
    if suffix in _LINES:
        return _LINES[suffix](output)
    if suffix == _PARQUET:
        from rnd_actors.sinks._parquet import ParquetWriter  # noqa: PLC0415  # it may be missing

        return ParquetWriter(output)
    raise SettingsError("a sink", "a file of samples; a store is written by a run", str(output))
