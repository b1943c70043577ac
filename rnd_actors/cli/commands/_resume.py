"""The command `resume` and its options."""

from typing import Annotated

import typer

from rnd_actors.cli.commands._parameters import (
    Json,
    LogFormat,
    OptionalRun,
    Quiet,
    Store,
    Verbose,
    run_id,
)

__all__ = ["resume"]


def resume(
    store: Store,
    run: OptionalRun = None,
    *,
    deadline: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="Stop then, counted from now. Default: as many as the run was given.",
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Do not ask before what a store from somebody else names is run."
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    log_format: LogFormat = None,
) -> int:
    """Go on with a run that was interrupted, missed its deadline, failed or was killed.

    A store names programs and files. If you have not begun the run on this computer, or if that
    was changed since, they are shown, and nothing is run before you say yes.

    It keeps its settings and samples, and goes on to its goal; its other files are written anew.
    Exit codes are those of `run`.
    """
    flags = locals()
    from rnd_actors.cli._resume import execute_resume  # noqa: PLC0415

    return execute_resume(flags.pop("store"), run_id(flags.pop("run")), flags)
