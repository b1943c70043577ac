"""One plan from options to a report."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import typer
from attrs import define, evolve, field
from rich.console import Console

from rnd_actors.cli import _conversions as to
from rnd_actors.cli._forecast_json import forecast_as_json
from rnd_actors.cli._forecast_report import forecast_report
from rnd_actors.cli._input import read_text
from rnd_actors.cli._plain import pauses_s
from rnd_actors.cli._words import say
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
    """Show what is being simulated: in place on a terminal, elsewhere a line now and then."""
    terminal = Console(stderr=True)
    if not sys.stderr.isatty() or terminal.is_dumb_terminal:
        yield _Lines().tell
        return
    try:  # nothing that hides the cursor: whatever ends this has nothing to put in order
        yield lambda words: _write_over(words[: terminal.width - 1])
    finally:
        _write_over("")


def _write_over(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()


@define
class _Lines:
    """Lines on stderr, as often as a run tells of its progress."""

    _pauses_s: Iterator[float] = field(factory=pauses_s)
    _due: float = field(factory=time.monotonic)

    def __attrs_post_init__(self) -> None:
        self._due += next(self._pauses_s)

    def tell(self, words: str) -> None:
        """Write these words, if it is time for a line."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + next(self._pauses_s)
            say(words)
