"""The command `show` and its arguments."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["show"]


def show(
    database: Annotated[Path, typer.Argument(metavar="DB", help="A store, which `run` wrote.")],
    run: Annotated[
        int | None,
        typer.Argument(metavar="RUN", help="The number of the run. Default: the latest."),
    ] = None,
) -> int:
    """Show a stored run in the terminal: what came of it, and what its workers were doing."""
    from rich.console import Console  # noqa: PLC0415  # this and the rest: for this command only

    from rnd_actors.cli._history import history_view  # noqa: PLC0415
    from rnd_actors.cli._stdout import clear_stdout_errors  # noqa: PLC0415
    from rnd_actors.store import read_run  # noqa: PLC0415

    with clear_stdout_errors():
        Console(highlight=False).print(history_view(read_run(database, run)))
    return 0
