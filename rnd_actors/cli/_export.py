"""A stored run written to a file."""

from pathlib import Path
from typing import Final

from rnd_actors.cli import _conversions as to
from rnd_actors.errors import SettingsError
from rnd_actors.sinks import check_suffix, is_store, writer_for
from rnd_actors.store import copy_run, read_run

__all__ = ["export_run"]

_FILE: Final = "FILE"


def export_run(store: Path, run: int, file: str) -> None:
    """Write the samples of a run to a file, or to another store as one run more.

    Raises:
        StoreError: there is no such run.
        SettingsError: the file is of no known kind, or cannot be written.
        SinkError: it could not be written.
    """
    target = Path(file)
    check_suffix(target, _FILE)
    try:
        to.output(file)
    except ValueError as error:
        raise SettingsError(_FILE, str(error), file) from None
    if target.exists() and store.exists() and target.samefile(store):
        raise SettingsError(_FILE, "another file than the store", file)
    history = read_run(store, run)
    if is_store(target):
        copy_run(store, run, target)
        return
    writer = writer_for(target)
    writer.open()
    try:
        writer.write(history.samples)
    finally:
        writer.close()
