"""The command `resume` and its options."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["resume"]


def resume(
    store: Annotated[Path, typer.Argument(metavar="DB", help="A store.")],
    run: Annotated[
        int | None,
        typer.Argument(metavar="[RUN]", help="The id of a run in it. Default: the latest."),
    ] = None,
    *,
    deadline: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="Stop then, counted from now. Default: as many as the run was given.",
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="The result as one JSON object on stdout, and nothing else there."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Nothing on stderr but errors, even with -v.")
    ] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            show_default=False,
            help="Tell failures and restarts on stderr as they happen; -vv: tell every event.",
        ),
    ] = 0,
    log_format: Annotated[
        str | None,
        typer.Option(metavar="text|json", help="The form of lines on stderr. Default: text."),
    ] = None,
) -> int:
    """Go on with a run that was interrupted, missed its deadline, failed or was killed.

    It keeps its settings and samples, and goes on to its goal; its other files are written anew.
    Exit codes are those of `run`.
    """
    flags = locals()
    from rnd_actors.cli._resume import execute_resume  # noqa: PLC0415

    return execute_resume(flags.pop("store"), flags.pop("run"), flags)
