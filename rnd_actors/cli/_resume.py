"""The command `resume`: the rest of a run, after a question if somebody else may have begun it."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnd_actors.cli._options import (
    SECONDS,
    Json,
    LogFormat,
    LogFormatOption,
    OptionalRun,
    Quiet,
    Store,
    Verbose,
    naming_options,
    option,
)
from rnd_actors.cli._text import escaped, say
from rnd_actors.errors import SettingsConflictError, StoreError

if TYPE_CHECKING:
    from rnd_actors.running import RunSettings, Unfinished
    from rnd_actors.store import Checkpoint


def resume(
    context: typer.Context,
    store: Store,
    run: OptionalRun = None,
    *,
    deadline: Annotated[
        float | None,
        option(
            SECONDS,
            "SECONDS",
            "Stop then, counted from now.",
            show_default="as many as the run was given",
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
    log_format: LogFormatOption = LogFormat.TEXT,
) -> int:
    """Go on with a run that was interrupted, missed its deadline, failed or was killed.

    A store names programs and files. If you have not begun the run on this computer, or if that
    was changed since, they are shown, and nothing is run before you say yes.

    It keeps its settings and samples, and goes on to its goal; its other files are written anew.
    Exit codes are those of `run`.
    """
    from attrs import evolve  # noqa: PLC0415

    from rnd_actors.cli._session import Session, execute  # noqa: PLC0415
    from rnd_actors.sinks import STDOUT  # noqa: PLC0415

    unfinished = _unfinished(store, run, yes=yes)
    if json and STDOUT in unfinished.settings.outputs:
        raise SettingsConflictError(
            "--json needs stdout for itself, and the samples of this run go there"
        )
    with naming_options(context):
        if deadline is not None:
            settings = evolve(unfinished.settings, deadline=deadline)
            unfinished = evolve(unfinished, settings=settings)
        session = Session(
            settings=unfinished.settings,
            unfinished=unfinished,
            json=json,
            quiet=quiet,
            verbose=verbose,
            log_format=log_format,
        )
        return execute(session)


def _unfinished(store: Path, run: int | None, *, yes: bool) -> "Unfinished":
    from rnd_actors.running import Unfinished  # noqa: PLC0415
    from rnd_actors.store import read_checkpoint  # noqa: PLC0415

    checkpoint = read_checkpoint(store, run)
    if not checkpoint.is_own:
        _confirm(checkpoint, Unfinished.settings_of(checkpoint, store), store, yes=yes)
    return Unfinished.of(store, checkpoint, trusted=True)


def _confirm(checkpoint: "Checkpoint", settings: "RunSettings", store: Path, *, yes: bool) -> None:
    """Show what a run would do that this user has not begun, and ask for leave.

    Raises:
        StoreError: the user refuses, or there is nobody to ask.
    """
    run = f"run {checkpoint.run.id} in {store}"
    command = escaped(shlex.join([*settings.worker, *settings.worker_args]))
    if not (yes or (sys.stdin.isatty() and sys.stderr.isatty())):
        raise StoreError(
            f"{run} was not begun by you on this computer, or was changed since; "
            f"it would run: {command} - if you want that, add --yes"
        )
    recipe = checkpoint.recipe or {}
    collector = f"{recipe.get('target')} with {recipe.get('options')}"
    files = [*settings.outputs, *filter(None, [settings.worker_log])]
    say(f"{escaped(run)} was not begun by you on this computer, or was changed since.")
    say(f"  it runs      {command}")
    say(f"  it collects  {escaped(collector)}")
    say(f"  it writes    {escaped(shlex.join(map(str, files)))}")
    if yes:
        return
    sys.stderr.write("Resume it? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise StoreError(f"{run} was not resumed, since you did not say yes")
