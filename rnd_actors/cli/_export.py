"""A stored run written to a file."""

from pathlib import Path
from typing import Final

from rnd_actors.cli._options import OTHERWISE, existing_of
from rnd_actors.errors import SettingsError
from rnd_actors.sinks import check_output, is_store, write_file
from rnd_actors.store import copy_run, read_samples

__all__ = ["export_run"]

_FILE: Final = "FILE"


def export_run(store: Path, run: int | None, file: str, *, overwrite: bool, append: bool) -> None:
    """Write the samples of a run to a file, or to another store as one run more.

    Args:
        store: where the run is.
        run: its id; None: the latest.
        file: where to; the suffix says the form.
        overwrite: whether it is replaced if it holds something already.
        append: whether the samples are written after what it holds.

    Raises:
        StoreError: there is no such run.
        SettingsError: the file is of no known kind, cannot be written, or holds something.
        SinkError: it could not be written.
    """
    target = Path(file)
    existing = existing_of(overwrite=overwrite, append=append)
    check_output(target, existing, _FILE, OTHERWISE)
    if target.exists() and store.exists() and target.samefile(store):
        raise SettingsError(_FILE, "another file than the store", file)
    if is_store(target):
        copy_run(store, run, target)
    else:
        write_file(target, existing, read_samples(store, run), _FILE)
