"""One run in the terminal, or the rest of one: its signals, its view, its log and its report."""

import logging
import math
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import gevent.event
import typer
from attrs import define, evolve, field, frozen
from rich.console import Console

from rnd_actors._printing import escaped
from rnd_actors.cli._live import Screen, live_view
from rnd_actors.cli._log import EventLog, log_line
from rnd_actors.cli._options import LogFormat
from rnd_actors.cli._run_control import RunControl
from rnd_actors.cli._text import complain, say
from rnd_actors.cli._ticking import pauses_s, ticking
from rnd_actors.cli._views import lines_of_last_words, summary
from rnd_actors.collectors import Collector, Outcome, Result
from rnd_actors.errors import RndActorsError, SinkError
from rnd_actors.events import Event
from rnd_actors.running import Progress, ResumableRun, RunSettings, first_workers, run
from rnd_actors.scaling import DeadlineLost
from rnd_actors.sinks import STDOUT
from rnd_actors.workers import WorkerProcess

if TYPE_CHECKING:
    from rnd_actors.web import Listener

_EXIT_CODES: Final = {
    Outcome.COMPLETE: 0,
    Outcome.FAILED: 1,
    Outcome.DEADLINE: 3,
    Outcome.INTERRUPTED: 130,
}


@frozen(kw_only=True)
class Session:
    """The settings of a run, and how to speak of it.

    Args:
        settings: of the run.
        collector: its collector; None: exactly `settings.samples` are collected.
        resumable: the run that goes on; None: a run begins.
        listener: where its page is served; None: it has none.
        metrics_file: a file for the metrics at the end of the run; None: none.
        json: whether the result is one JSON object on stdout.
        quiet: whether nothing but errors is written to stderr.
        verbose: 1: events from level INFO on are told one by one; 2: from level DEBUG on.
        log_format: the form of lines on stderr.
    """

    settings: RunSettings
    collector: Collector | None = None
    resumable: ResumableRun | None = None
    listener: "Listener | None" = None
    metrics_file: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    log_format: LogFormat = LogFormat.TEXT


def execute(session: Session) -> int:
    """Do the run, show its progress, report its result and return the exit code."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())  # events are told here
    settings, resumable = session.settings, session.resumable
    _announce(session)
    collector = session.collector if resumable is None else resumable.collector
    goal = settings.samples if collector is None else collector.goal
    progress = Progress(goal, first_workers(settings, collector), settings.deadline)
    log, least_level = EventLog(session.log_format), math.inf
    if session.verbose and not session.quiet:
        least_level = logging.INFO if session.verbose == 1 else logging.DEBUG

    def tell(event: Event) -> None:
        progress(event)
        is_loss = isinstance(event, DeadlineLost) and not session.quiet
        if is_loss or event.level >= least_level:
            for line in log.lines(event):
                write(line)

    with interruption() as told, session.listener or nullcontext():
        control = RunControl(
            partial(told.interrupt, signal.SIGTERM), session.metrics_file, session.listener
        )
        try:
            with _view(session, progress, told) as write:
                result = _collect(session, tell, told, control)
        except RndActorsError:
            if session.verbose:
                for line in traceback.format_exc().splitlines():
                    say(escaped(line))
            raise
        try:
            _finish(result, session, control)
        except SinkError as error:
            if not told.event.is_set():
                raise
            complain(error)
    return told.exit_code if told.event.is_set() else _EXIT_CODES[result.outcome]


def _announce(session: Session) -> None:
    """Say what there is to know before the run."""
    if sys.platform == "linux" and not Path("/proc/self").exists():
        say("rnd-actors: without /proc nobody finds processes that leave the group of their worker")
    if session.listener is not None and not session.quiet:
        say(f"rnd-actors: watch and steer this run at {session.listener.announced}")


def _collect(
    session: Session,
    tell: Callable[[Event], object],
    told: "Interruption",
    control: RunControl,
) -> Result:
    if session.resumable is not None:
        return session.resumable.resume(subscriber=tell, interrupted=told.event, control=control)
    return run(
        session.settings,
        session.collector,
        subscriber=tell,
        interrupted=told.event,
        control=control,
    )


def _view(
    session: Session, progress: Progress, told: "Interruption"
) -> AbstractContextManager[Callable[[str], None]]:
    if session.quiet:
        return nullcontext(say)
    terminal = Console(file=sys.stderr)
    shares_it = STDOUT in session.settings.outputs and sys.stdout.isatty()  # with samples
    if sys.stderr.isatty() and not terminal.is_dumb_terminal and not shares_it:
        screen = Screen(terminal, sys.stderr.fileno())
        told.before_giving_up = screen.leave
        page = "" if session.listener is None else session.listener.announced
        return live_view(progress, screen, page)
    return plain_view(progress, session.log_format)


@contextmanager
def plain_view(progress: Progress, form: LogFormat) -> Iterator[Callable[[str], None]]:
    """Report the progress on stderr while the block runs; yield a writer of further lines.

    The report after a warning tells it, or the one at the end; later reports only count it.
    """
    told = 0

    def report() -> None:
        nonlocal told
        now = progress.report()
        if now.warnings == told:
            now = evolve(now, last_warning=None)
        told = now.warnings
        say(log_line(now, form))

    with ticking(pauses_s(), report):
        yield say
    if progress.report().warnings > told:
        report()


def _finish(result: Result, session: Session, control: RunControl) -> None:
    """Report the result and write the metrics, also if nobody reads the report any more."""
    try:
        _report(result, session)
        sys.stdout.flush()
    finally:
        control.write_metrics()


def _report(result: Result, session: Session) -> None:
    taken = STDOUT in session.settings.outputs  # by the samples
    if session.json:
        typer.echo(result.to_json())
    elif not (taken and session.quiet):
        Console(highlight=False, stderr=taken).print(summary(result))
    if session.json and not session.quiet:
        for line in filter(None, lines_of_last_words(result)):
            say(line)
    seen = not session.json and (sys.stderr if taken else sys.stdout).isatty()
    if result.outcome is not Outcome.COMPLETE and not seen:
        complain(result.reason)


@contextmanager
def interruption() -> Iterator["Interruption"]:
    """Have SIGINT, SIGTERM and SIGHUP set an event instead of ending the process, in the block.

    SIGHUP stays ignored if it is, as `nohup` has it. These are Python's own handlers and not
    watchers of gevent's loop, so that they are called even if something blocks the loop.
    """
    told = Interruption(_end_at_once)
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = [(number, signal.signal(number, told.interrupt)) for number in numbers]
    try:
        yield told
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@define
class Interruption:
    """Whether a signal told the process to end, and which: the second one ends it at once.

    Args:
        give_up: called at the second signal, with the exit code; it does not return.
    """

    give_up: Callable[[int], object]
    event: gevent.event.Event = field(factory=gevent.event.Event)
    signal: int = signal.SIGINT
    before_giving_up: Callable[[], object] = bool
    """Called just before `give_up`: a view leaves the terminal in order."""

    def interrupt(self, number: int, _: FrameType | None = None) -> None:
        """Keep the signal and set the event, for which the run waits."""
        if self.event.is_set():
            if number == signal.SIGHUP:  # a terminal that is closed sends several
                return
            self.before_giving_up()
            self.give_up(128 + number)
        self.signal = number
        self.event.set()

    @property
    def exit_code(self) -> int:
        """The exit code that a shell reports after this signal: 129, 130 or 143."""
        return 128 + self.signal


def _end_at_once(exit_code: int) -> None:
    """Kill the workers and exit, without a word to anybody else; the guardian does what is left."""
    WorkerProcess.kill_all()
    os._exit(exit_code)
