"""The command `report` and its options."""

from pathlib import Path
from typing import Annotated

import typer

from rnd_actors.cli.commands._parameters import OptionalRun, Overwrite, Store, run_id
from rnd_actors.errors import SettingsError

__all__ = ["report"]


def report(
    store: Store,
    run: OptionalRun = None,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write it: .html with pictures, .md, or .json with the figures only.",
        ),
    ],
    overwrite: Overwrite = False,
) -> int:
    """Write a report of a stored run: its figures, its timeline and its pictures.

    It needs the extra rnd-actors[report]. A run that still goes on is reported as far as it is.
    """
    from rnd_actors.reporting import write_report  # noqa: PLC0415  # no other command needs it
    from rnd_actors.store import read_run  # noqa: PLC0415

    history = read_run(store, run_id(run))
    try:
        write_report(history, output, overwrite=overwrite)
    except SettingsError as error:
        raise SettingsError(f"--{error.setting}", error.accepted, error.got) from None
    return 0
