"""The commands that look at runs that go on, and steer them."""

import json as json_lines
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from rnd_actors import _validators as valid
from rnd_actors._printing import escaped, one_line
from rnd_actors.cli._options import Kind, option, whole_number
from rnd_actors.cli._text import print_table, table
from rnd_actors.errors import ControlError

if TYPE_CHECKING:
    from rich.console import Group

_WATCH_S: Final = 1.0
_MINUTE_S: Final = 60
_ALL: Final = "all"
_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_WORKER: Final = Kind(
    valid.accepts(
        "the id of a worker, or all",
        lambda value: value == _ALL or value.isdecimal(),
    )
)
_LEVEL: Final = Kind(
    valid.accepts(" or ".join(_LEVELS), lambda value: value in _LEVELS), lambda text: text.lower()
)
_ID: Final = "The id of a run (`rnd-actors ps` lists them)."
_Run: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="RUN", show_default="the only one", help=_ID)
]
_RunOption: TypeAlias = Annotated[
    str | None, typer.Option("--run", metavar="RUN", show_default="the only one", help=_ID)
]
_Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="JSON on stdout: an object a line for each.")
]


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
    print_table({**columns, "worker": "fold"}, map(_row_of_run, found))
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
        console.print(_status_view(seen))
    return 0


def restart(
    worker: Annotated[
        str, typer.Argument(metavar="WORKER|all", parser=_WORKER, help="Its id, or all.")
    ],
    run: _RunOption = None,
) -> int:
    """Stop a worker in order and start it again; start one that is given up or down.

    That is no crash, and no sample is lost: what the worker has sent before its end counts.
    """
    return _tell(run, "restart", worker=worker if worker == _ALL else int(worker))


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
    actor: Annotated[
        str, typer.Argument(metavar="ACTOR", help="Its name, like collector (`tree` shows all).")
    ],
    run: _RunOption = None,
    *,
    number: Annotated[
        int, option(whole_number(1, 1000), "N", "How many messages.", "--number", "-n")
    ] = 20,
) -> int:
    """Show the next messages that an actor of a run handles, within ten seconds."""
    return _tell(run, "trace", actor=actor, n=number)


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
        typer.echo(json_lines.dumps(record) if json else _event_line(record))
        sys.stdout.flush()
    return 0


def _tell(run: str | None, operation: str, **arguments: object) -> int:
    """Have a run carry out an operation, and print the answer."""
    from rnd_actors.control import ask, find_run  # noqa: PLC0415

    address = find_run(run)
    answer = ask(address, operation, **arguments)
    match operation:
        case "restart":
            plural = "" if len(answer) == 1 else "s"
            answer = f"run {address.id} restarts worker{plural} {', '.join(map(str, answer))}"
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


def _row_of_run(status: dict[str, Any]) -> tuple[str, ...]:
    goal, rate = status["goal"], status["rate_per_s"]
    return (
        status["id"],
        str(status["pid"]),
        "-" if goal is None else str(goal),
        str(status["samples"]),
        f"{status['progress']:.0%}",
        "-" if rate is None else f"{rate:.1f}/s",
        _age(status["elapsed_s"]),
        one_line(status["worker"]),
    )


def _age(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(int(seconds) // _MINUTE_S, 60)
    return f"{hours}:{minutes:02} h"


def _status_view(status: dict[str, Any]) -> "Group":
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 2))
    for name, figure in _figures(status):
        grid.add_row(Text(name), Text(one_line(figure)))
    names = ("worker", "state", "port", "pid", "samples", "restarts", "last")
    columns = [(name, "left" if name == "state" else "right") for name in names]
    rows = (
        ["-" if cell is None else str(cell) for cell in worker.values()]
        for worker in status["workers"]
    )
    return Group(grid, "", table(columns, rows))


def _figures(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    started = datetime.fromtimestamp(status["started_at"]).astimezone()
    goal, rate, ideal = status["goal"], status["rate_per_s"], status["ideal_rate_per_s"]
    yield "run", f"{status['id']}, begun at {started:%Y-%m-%d %H:%M:%S}, pid {status['pid']}"
    yield "worker", status["worker"]
    of = "" if goal is None else f" of {goal}"
    yield "samples", f"{status['samples']}{of} ({status['progress']:.0%})"
    yield "time", f"{status['elapsed_s']:.1f} s"
    if rate is not None:
        yield "rate", f"{rate:.1f}/s" + ("" if ideal is None else f" (ideal {ideal:.1f}/s)")
    if status["finish_s"] is not None:
        yield "done at", f"{status['finish_s']:.1f} s"
    if status["deadline_s"] is not None:
        yield "deadline", f"{status['deadline_s']:g} s"
    yield "restarts", str(status["restarts"])
    last = "" if status["last_warning"] is None else f", the last: {status['last_warning']}"
    yield "warnings", f"{status['warnings']}{last}"


def _event_line(record: dict[str, Any]) -> str:
    if "lost" in record:
        return f"({record['lost']} events are left out: they came faster than they were read)"
    at = datetime.fromisoformat(record["time"])
    return f"{at:%H:%M:%S} {record['level']:<7} {record['text']}"
