"""One plan from options to a report."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import typer
from attrs import evolve
from rich.console import Console

from rnd_actors.cli import _conversions as to
from rnd_actors.cli._forecast_json import forecast_as_json
from rnd_actors.cli._forecast_report import forecast_report
from rnd_actors.cli._input import read_text
from rnd_actors.cli._stdout import clear_stdout_errors
from rnd_actors.errors import SettingsError
from rnd_actors.planning import PlanSettings, WorkerFigures, forecast

__all__ = ["execute_plan"]

_FIGURES: Final = ("rate", "mtbf", "startup")
_CONVERSIONS: Final[dict[str, Callable[[object], Any]]] = {
    "samples": to.whole_number,
    "deadline": to.seconds,
    "workers": to.whole_number,
    "runs": to.whole_number,
    **dict.fromkeys(_FIGURES, to.seconds),
}


def execute_plan(flags: Mapping[str, object], result: Path | None, *, as_json: bool) -> int:
    """Simulate what the flags describe, report it and return the exit code.

    Args:
        flags: by field of `PlanSettings` or `WorkerFigures`; None: not given.
        result: what `rnd-actors run --json` wrote; figures that are not given come from there.
        as_json: whether the report is one JSON object.

    Raises:
        SettingsError: a value is not accepted.
    """
    plan = _read(flags, result)
    with _progress() as progress:
        outlook = forecast(plan, progress)
    with clear_stdout_errors():
        if as_json:
            typer.echo(forecast_as_json(outlook))
        else:
            Console(highlight=False).print(forecast_report(outlook))
    return 0


def _read(flags: Mapping[str, object], result: Path | None) -> PlanSettings:
    given = {name: _CONVERSIONS[name](flag) for name, flag in flags.items() if flag is not None}
    figures = {name: given.pop(name) for name in _FIGURES if name in given}
    measured = WorkerFigures() if result is None else _measured(result)
    try:
        return PlanSettings(**given, figures=evolve(measured, **figures))
    except SettingsError as error:
        raise SettingsError(f"--{error.setting}", error.accepted, error.got) from None


def _measured(result: Path) -> WorkerFigures:
    try:
        return WorkerFigures.measured(json.loads(read_text(result))["workers"])
    except OSError as error:
        trouble = error.strerror
    except (ValueError, KeyError, TypeError, RecursionError):
        trouble = "this is none"
    raise SettingsError(
        "--result", f"a file that `rnd-actors run --json` wrote ({trouble})", str(result)
    )


@contextmanager
def _progress() -> Iterator[Callable[[str], object]]:
    """Show on a terminal what is being simulated, and wipe it out afterwards."""
    terminal = Console(stderr=True)
    if not sys.stderr.isatty() or terminal.is_dumb_terminal:
        yield lambda _: None
        return
    with terminal.status("simulating") as status:
        yield status.update
