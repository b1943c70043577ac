"""The commands that look at runs that go on, and steer them."""

import json as json_lines
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, TypeAlias

import typer

from rnd_actors import _validators as valid
from rnd_actors._printing import escaped, ranges
from rnd_actors._worker_limits import MOST_WORKERS
from rnd_actors.cli._control_views import event_line, row_of_message, row_of_run, status_view
from rnd_actors.cli._options import Kind, option, whole_number
from rnd_actors.cli._text import print_table
from rnd_actors.errors import ControlError, SettingsError

_WATCH_S: Final = 1.0
_ALL: Final = "all"
_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_WORKER: Final = Kind(
    valid.accepts("the id of a worker, or all", lambda value: value == _ALL or type(value) is int),
    int,
)
_ACTOR: Final = Kind(valid.instance(str, "the name of an actor"))
_SIZE: Final = Kind(
    valid.accepts(
        f"a whole number from 1 to {MOST_WORKERS}, or a difference like +2 or -2",
        lambda value: bool(re.fullmatch(r"[+-]?[0-9]{1,5}", value)),
    )
)
_LOOKS_LIKE_AN_OPTION: Final = re.compile(r"-\D").match
_DEADLINE: Final = Kind(
    valid.accepts(
        "seconds > 0, or none",
        lambda value: value is None or (isinstance(value, float) and 0 < value < math.inf),
    ),
    lambda text: None if text == "none" else float(text),
)
_LEVEL: Final = Kind(
    valid.accepts(" or ".join(_LEVELS), lambda value: value in _LEVELS), lambda text: text.lower()
)
_ID: Final = "The id of a run (`rnd-actors ps` lists them)."
_Run: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="RUN", show_default="the only one", help=_ID)
]
_Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="JSON on stdout: an object a line for each.")
]


def _words_of(metavar: str, text: str) -> Any:
    """Return the argument `[RUN] METAVAR` for `Annotated`: RUN may be left out."""
    return typer.Argument(metavar=f"[RUN] {metavar}", help=f"{text} RUN: {_ID}")


def ps(*, json: _Json = False) -> int:
    """List the runs of this user that go on."""
    from rnd_actors.control import ask, runs  # noqa: PLC0415

    found = []
    for run in runs():
        try:
            found.append(ask(run, "status"))
        except ControlError as error:  # it ends, or is too busy
            typer.echo(f"rnd-actors: {error}", err=True)
    if json:
        for status in found:
            typer.echo(json_lines.dumps(status))
        return 0
    columns = dict.fromkeys(("id", "pid", "goal", "samples", "progress", "rate", "age"), "right")
    print_table({**columns, "page, worker": "fold"}, map(row_of_run, found))
    return 0


def status(
    run: _Run = None,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it every second, until the run ends.")
    ] = False,
    json: _Json = False,
) -> int:
    """Show how far a run is, and what each of its workers does."""
    from rich.console import Console  # noqa: PLC0415

    from rnd_actors.control import ask, find_run  # noqa: PLC0415

    address, console = find_run(run), Console(highlight=False)
    for number, seen in enumerate(_again(lambda: ask(address, "status"), watch=watch)):
        if json:
            typer.echo(json_lines.dumps(seen))
            sys.stdout.flush()
            continue
        if console.is_terminal and watch:
            console.clear()
        elif number:
            console.print()
        console.print(status_view(seen))
    return 0


def scale(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN] [N|+N|-N]",
            help="How many workers are to be at work, 1 to 1000, or to 10000 with a cluster; or "
            "how many more or fewer.",
        ),
    ] = None,
    *,
    drain: Annotated[
        list[int] | None,
        option(
            whole_number(1, 10**9), "WORKER", "One that leaves; may be given many times.", "--drain"
        ),
    ] = None,
) -> int:
    """Have more workers in a run, or fewer, without touching the others.

    New ones get the next ids. Those that are too many leave, the newest first or those named: each
    is stopped in order, and what it has sent counts. With --drain alone, only those named leave.
    """
    if unknown := next(filter(_LOOKS_LIKE_AN_OPTION, words or ()), None):
        raise typer.BadParameter(f"No such option: {unknown}")
    leave = list(dict.fromkeys(drain or ()))
    words = list(words or ())
    if leave and (not words or (len(words) == 1 and _is_run(words[0]))):
        words.append(f"-{len(leave)}")
    run, size = _run_and(context, words, "N|+N|-N", _SIZE)
    return _tell(run, "scale", workers=size, drain=leave)


def goal(context: typer.Context, words: Annotated[list[str], _words_of("N", "Samples.")]) -> int:
    """Have a run collect exactly N samples instead, more or fewer; it cannot have more already."""
    run, samples = _run_and(context, words, "N", whole_number(1, 10**9))
    return _tell(run, "goal", samples=samples)


def deadline(
    context: typer.Context,
    words: Annotated[
        list[str], _words_of("SECONDS|none", "From the first spawn; none: there is no deadline.")
    ],
) -> int:
    """Have a run end SECONDS after its first spawn instead; they must not have passed."""
    run, seconds = _run_and(context, words, "SECONDS|none", _DEADLINE)
    return _tell(run, "deadline", seconds=seconds)


def restart(
    context: typer.Context,
    words: Annotated[list[str], _words_of("WORKER|all", "Its id, or all.")],
) -> int:
    """Stop a worker in order and start it again; start one that is given up or down.

    That is no crash, and no sample is lost: what the worker has sent before its end counts.
    """
    run, worker = _run_and(context, words, "WORKER|all", _WORKER)
    return _tell(run, "restart", worker=worker)


def stop(
    run: _Run = None,
    *,
    now: Annotated[
        bool, typer.Option("--now", help="Kill the workers and end it, without a result.")
    ] = False,
) -> int:
    """End a run in order, with the samples so far, as SIGTERM does; --now: as a second one."""
    return _tell(run, "stop", now=now)


def tree(run: _Run = None) -> int:
    """Show the actors of a run: who supervises whom, and what each does."""
    return _tell(run, "tree")


def dump(run: _Run = None) -> int:
    """Show the actors of a run, and look into each that is not idle."""
    return _tell(run, "dump")


def trace(
    context: typer.Context,
    words: Annotated[list[str], _words_of("ACTOR", "Its name, like collector (`tree` shows all).")],
    *,
    number: Annotated[
        int, option(whole_number(1, 1000), "N", "How many messages.", "--number", "-n")
    ] = 20,
) -> int:
    """Show the next messages that an actor of a run handles, within ten seconds."""
    from rnd_actors.control import ask, find_run  # noqa: PLC0415

    run, actor = _run_and(context, words, "ACTOR", _ACTOR)
    messages = ask(find_run(run), "trace", actor=actor, n=number)["messages"]
    columns = dict.fromkeys(("time", "incarnation", "seconds"), "right")
    print_table({**columns, "outcome": "left", "message": "fold"}, map(row_of_message, messages))
    return 0


def events(
    run: _Run = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Show those to come, until the run ends.")
    ] = False,
    level: Annotated[
        str,
        option(_LEVEL, "LEVEL", "The least level: debug, info, warning, error or critical."),
    ] = "info",
    number: Annotated[
        int, option(whole_number(1, 1000), "N", "How many of the last ones.", "--number", "-n")
    ] = 100,
    json: _Json = False,
) -> int:
    """Show the last events of a run, such as failures and restarts, or those to come."""
    from rnd_actors import control  # noqa: PLC0415

    address = control.find_run(run)
    if follow:
        records = control.follow(address, level)
    else:
        records = iter(control.ask(address, "events", n=number, level=level))
    for record in records:
        typer.echo(json_lines.dumps(record) if json else event_line(record))
        sys.stdout.flush()
    return 0


def _is_run(word: str) -> bool:
    from rnd_actors.control import runs  # noqa: PLC0415

    return any(address.id == word for address in runs())


def _run_and(
    context: typer.Context, words: Sequence[str], metavar: str, kind: Kind
) -> tuple[str | None, Any]:
    """Return the run, if it was named, and the value of what follows it."""
    command = str(context.info_name)
    if len(words) not in (1, 2):
        raise SettingsError(command, f"[RUN] {metavar}", " ".join(words))
    *run, value = words
    if not run and _is_run(value):
        form = f"RUN {metavar} where there is a run {value}, such as {value} {value}"
        raise SettingsError(command, form, value)
    return (run[0] if run else None), kind(value, metavar)


def _tell(run: str | None, operation: str, **arguments: object) -> int:
    """Have a run carry out an operation, and print the answer."""
    from rnd_actors.control import ask, find_run  # noqa: PLC0415

    address = find_run(run)
    answer = ask(address, operation, **arguments)
    match operation:
        case "restart":
            plural = "" if len(answer) == 1 else "s"
            answer = f"run {address.id} restarts worker{plural} {ranges(answer)}"
        case "scale" | "goal" | "deadline":
            answer = f"run {address.id}: {answer['text']}"
        case "stop":
            answer = f"run {address.id} {answer}"
    typer.echo("\n".join(escaped(line) for line in answer.splitlines()))
    return 0


def _again(look: Callable[[], Any], *, watch: bool) -> Iterator[Any]:
    """Give what is seen now; with `watch` again every second, as long as there is something."""
    yield look()
    while watch:
        time.sleep(_WATCH_S)
        try:
            yield look()
        except ControlError:  # the run has ended
            return
