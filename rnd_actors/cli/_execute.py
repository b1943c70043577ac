"""One run from options to exit code: who listens to it, what is shown of it, what is reported."""

import logging
import math
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

import gevent.event
import typer
from rich.console import Console

from rnd_actors.actors import Event
from rnd_actors.cli._interruption import Interruption, interruption
from rnd_actors.cli._live import live_view
from rnd_actors.cli._log_line import log_line
from rnd_actors.cli._options import Options
from rnd_actors.cli._plain import plain_view
from rnd_actors.cli._progress import Progress
from rnd_actors.cli._summary import last_words, summary
from rnd_actors.cli._words import complain, escaped, say
from rnd_actors.collecting import Outcome, Result
from rnd_actors.errors import RndActorsError, SettingsError, SinkError
from rnd_actors.running import run
from rnd_actors.sinks import STDOUT

__all__ = ["execute"]

_EXIT_CODES: Final = {
    Outcome.COMPLETE: 0,
    Outcome.FAILED: 1,
    Outcome.DEADLINE: 3,
    Outcome.INTERRUPTED: 130,
}


def execute(options: Options) -> int:
    """Do the run, show how it goes on, report what came of it and return the exit code."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())  # events are told here
    settings = options.settings
    if sys.platform == "linux" and not Path("/proc/self").exists():
        say("rnd-actors: without /proc nobody finds processes that leave the group of their worker")
    progress = Progress(_goal(options), settings.workers, settings.deadline)
    least_level = _least_level(options)

    def tell(event: Event) -> None:
        progress(event)
        if event.level >= least_level:
            write(log_line(event, options.log_format))

    with interruption() as told:
        try:
            with _view(options, progress, told) as write:
                result = _collect(options, tell, told.event)
        except RndActorsError:
            if options.verbose:
                for line in traceback.format_exc().splitlines():
                    say(escaped(line))
            raise
        try:
            _report(result, options)
            sys.stdout.flush()
        except SinkError as error:
            if not told.event.is_set():
                raise
            complain(error)
    return told.exit_code if told.event.is_set() else _EXIT_CODES[result.outcome]


def _goal(options: Options) -> int | None:
    if options.unfinished is not None:
        return options.unfinished.collector.goal
    return options.settings.samples if options.collector is None else options.collector.goal


def _collect(
    options: Options, tell: Callable[[Event], object], interrupted: gevent.event.Event
) -> Result:
    if options.unfinished is not None:
        return options.unfinished.go_on(subscriber=tell, interrupted=interrupted)
    try:
        return run(options.settings, options.collector, subscriber=tell, interrupted=interrupted)
    except SettingsError as error:
        label = options.labels.get(error.setting, error.setting)
        raise SettingsError(label, error.accepted, error.got) from None


def _least_level(options: Options) -> float:
    """Return the level from which on events are told one by one."""
    if options.quiet or not options.verbose:
        return math.inf
    return logging.INFO if options.verbose == 1 else logging.DEBUG


def _view(
    options: Options, progress: Progress, told: Interruption
) -> AbstractContextManager[Callable[[str], None]]:
    if options.quiet:
        return nullcontext(say)
    terminal = Console(file=sys.stderr)
    shares_it = STDOUT in options.settings.outputs and sys.stdout.isatty()  # with samples
    if sys.stderr.isatty() and not terminal.is_dumb_terminal and not shares_it:
        return live_view(progress, terminal, told)
    return plain_view(progress, options.log_format)


def _report(result: Result, options: Options) -> None:
    taken = STDOUT in options.settings.outputs  # by the samples
    if options.json:
        typer.echo(result.to_json())
    elif not (taken and options.quiet):
        Console(highlight=False, stderr=taken).print(summary(result))
    if options.json and not options.quiet:
        for line in filter(None, last_words(result)):
            say(line)
    seen = not options.json and (sys.stderr if taken else sys.stdout).isatty()
    if result.outcome is not Outcome.COMPLETE and not seen:
        complain(result.reason)
