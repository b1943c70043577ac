"""The program `rnd-actors`: options into settings, results into words.

An error is a line on stderr and an exit code. `--version` and `--help` load typer alone: what is
needed beyond that is imported when it is first used.
"""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rnd_actors.cli._control import (
    deadline,
    dump,
    events,
    goal,
    ps,
    restart,
    scale,
    status,
    stop,
    trace,
    tree,
)
from rnd_actors.cli._panels import CommandPanels
from rnd_actors.cli._plan import plan
from rnd_actors.cli._run import run
from rnd_actors.cli._stores import export, report, resume, runs, show
from rnd_actors.cli._text import complain, print_anything
from rnd_actors.cli._workers_and_collectors import check_worker, collectors, worker
from rnd_actors.errors import RndActorsError, SettingsConflictError, SettingsError, StoreError

if TYPE_CHECKING:
    from rnd_actors.cli._live import draw_live_view
    from rnd_actors.cli._ticking import ticking

__all__ = ["draw_live_view", "main", "ticking"]

_HOMES: Final = {"draw_live_view": "_live", "ticking": "_ticking"}
_PROGRAM: Final = "rnd-actors"
_EPILOG: Final = (
    "To have this command in every shell: pipx install PATH, where PATH is a checkout; make run "
    "puts it at .venv/bin/rnd-actors there. --install-completion lets your shell complete it. "
    "rnd-actors COMMAND --help explains a command."
)
_WRONG_USAGE: Final = (SettingsError, SettingsConflictError, StoreError)

_PANELS: Final = {
    "Before a run": (plan, check_worker, collectors),
    "Run": (run, resume),
    "Watch and steer": (
        *(ps, status, events, scale, restart, goal, deadline, stop),
        *(tree, trace, dump),
    ),
    "Look back": (runs, show, report, export),
}
"""The commands as `--help` groups them."""

_PARSED: Final[dict[Callable[..., int], dict[str, Any]]] = {
    run: {"auto_envvar_prefix": "RND_ACTORS"},
    scale: {"ignore_unknown_options": True},  # -2 is how many fewer
}

app = typer.Typer(rich_markup_mode=None, epilog=_EPILOG, cls=CommandPanels)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, that of the process by default, and return the exit code."""
    print_anything()
    for size in ("COLUMNS", "LINES"):
        if os.environ.get(size) == "0":  # a shell that does not know; rich would print nothing
            del os.environ[size]
    try:
        exit_code = int(app(arguments, prog_name=_PROGRAM, standalone_mode=False))
        sys.stdout.flush()
    except typer.TyperException as error:
        complain(error.format_message())
        return 2
    except RndActorsError as error:
        complain(error)
        return 2 if isinstance(error, _WRONG_USAGE) else 1
    return exit_code


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  # slower than all the rest of this

        typer.echo(f"{_PROGRAM} {version(_PROGRAM)}")
        raise typer.Exit


@app.callback()
def _rnd_actors(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Collect samples from supervised workers, restarting those that crash."""


for panel, commands in _PANELS.items():
    for command in commands:
        app.command(context_settings=_PARSED.get(command, {}), rich_help_panel=panel)(command)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
    rich_help_panel="Before a run",
)(worker)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return globals()[name]
