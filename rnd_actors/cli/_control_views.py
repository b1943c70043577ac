"""How the commands that look at runs show what these answer."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rnd_actors._printing import one_line
from rnd_actors.cli._text import cut, table, table_of_hosts

if TYPE_CHECKING:
    from rich.console import Group

_MINUTE_S: Final = 60
_COLUMNS: Final = {
    "worker": "id",
    "state": "state",
    "host": "host",
    "port": "port",
    "pid": "pid",
    "samples": "samples",
    "restarts": "restarts",
    "replaced": "replaced",
    "last": "last_value",
}
"""The columns of the table of workers, each with the key of its cells."""
_DRAINED: Final = "drained"
_GIVEN_UP: Final = "given up"
_STREAMING: Final = "streaming"
_RARE: Final = ("host", "replaced")
"""Those that are left out where no worker has anything in them."""


def row_of_run(status: dict[str, Any]) -> tuple[str, ...]:
    """Return a run as a row of `ps`."""
    goal, rate = status["goal"], status["rate_per_s"]
    return (
        status["id"],
        str(status["pid"]),
        "-" if goal is None else str(goal),
        str(status["samples"]),
        f"{status['progress']:.0%}",
        "-" if rate is None else f"{rate:.1f}/s",
        _age(status["elapsed_s"]),
        "\n".join(filter(None, [status["url"], one_line(status["worker"])])),
    )


def row_of_message(message: dict[str, Any]) -> tuple[str, ...]:
    """Return a message as a row of `trace`."""
    at = datetime.fromisoformat(message["time"])
    error = f"  {message['error']}" if message["error"] else ""
    return (
        f"{at:%H:%M:%S}.{at.microsecond // 1000:03}",
        str(message["incarnation"]),
        f"{message['seconds']:.6f}",
        message["outcome"],
        one_line(f"{message['message']}{error}"),
    )


def _age(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(int(seconds) // _MINUTE_S, 60)
    return f"{hours}:{minutes:02} h"


def status_view(status: dict[str, Any]) -> "Group":
    """Return the figures of a run, and a table of the workers in it, and of its hosts."""
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 2))
    for name, figure in _figures(status):
        grid.add_row(Text(name), Text(one_line(figure)))
    present = [worker for worker in status["workers"] if worker["state"] != _DRAINED]
    workers, others = cut(present, _trouble)
    shown = [
        name
        for name, key in _COLUMNS.items()
        if name not in _RARE or any(worker[key] for worker in workers)
    ]
    columns = [(name, "left" if name == "state" else "right") for name in shown]
    rows = (
        ["-" if cell is None else str(cell) for cell in (worker[_COLUMNS[name]] for name in shown)]
        for worker in workers
    )
    below = [others] if others else []
    return Group(grid, "", table(columns, rows), *below, *table_of_hosts(status["hosts"]))


def _trouble(worker: dict[str, Any]) -> tuple[bool, bool, int, int]:
    state = worker["state"]
    return state == _GIVEN_UP, state != _STREAMING, worker["restarts"], -worker["samples"]


def _figures(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    started = datetime.fromtimestamp(status["started_at"]).astimezone()
    goal, rate, ideal = status["goal"], status["rate_per_s"], status["ideal_rate_per_s"]
    yield "run", f"{status['id']}, begun at {started:%Y-%m-%d %H:%M:%S}, pid {status['pid']}"
    yield "worker", status["worker"]
    if status["url"] is not None:
        yield "page", status["url"]
    of = "" if goal is None else f" of {goal}"
    yield "samples", f"{status['samples']}{of} ({status['progress']:.0%})"
    yield "time", f"{status['elapsed_s']:.1f} s"
    if rate is not None:
        yield "rate", f"{rate:.1f}/s" + ("" if ideal is None else f" (ideal {ideal:.1f}/s)")
    if status["finish_s"] is not None:
        yield "done at", f"{status['finish_s']:.1f} s"
    if status["deadline_s"] is not None:
        yield "deadline", f"{status['deadline_s']:g} s"
    yield from _gone(status)
    yield "restarts", str(status["restarts"])
    last = "" if status["last_warning"] is None else f", the last: {status['last_warning']}"
    yield "warnings", f"{status['warnings']}{last}"


def _gone(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give the hosts that are not up, and how many workers have left the run."""
    hosts = [host for host in status["hosts"] if host["why"] is not None]
    if hosts:
        told = "; ".join(f"{each['host']} is {each['state']}: {each['why']}" for each in hosts)
        yield "hosts", told
    drained = [worker for worker in status["workers"] if worker["state"] == _DRAINED]
    if drained:
        samples = sum(worker["samples"] for worker in drained)
        yield _DRAINED, f"{len(drained)} worker{'s' * (len(drained) != 1)}, {samples} samples"


def event_line(record: dict[str, Any]) -> str:
    """Return an event as a line."""
    if "lost" in record:
        return f"({record['lost']} events are left out: they came faster than they were read)"
    at = datetime.fromisoformat(record["time"])
    return f"{at:%H:%M:%S} {record['level']:<7} {record['text']}"
