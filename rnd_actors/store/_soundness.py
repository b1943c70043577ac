"""Whether a store holds what this program writes: anybody can change a file, and SQLite any type.

Every column that is read has its condition, so that whoever reads need not doubt what it gets.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any, Final

from rnd_actors.collecting import Outcome
from rnd_actors.errors import StoreError

__all__ = ["check_run", "check_runs", "damaged", "json_object"]

_LATEST: Final = 2.5e11
"""Seconds since the epoch: the end of the times that Python can tell in any zone."""
_LONGEST: Final = 1e10
_MOST_RUNS: Final = 2**32


def _whole(name: str, least: int, most: int = 2**63 - 1) -> str:
    return f"typeof({name}) = 'integer' AND {name} BETWEEN {least} AND {most}"


def _seconds(name: str, most: float) -> str:
    return f"typeof({name}) = 'real' AND {name} BETWEEN 0 AND {most}"


def _text(name: str) -> str:
    return f"typeof({name}) = 'text'"


def _object(name: str) -> str:
    valid = f"typeof({name}) = 'text' AND json_valid({name})"
    return f"CASE WHEN {valid} THEN json_type({name}) = 'object' END"


def _or_null(condition: str, name: str) -> str:
    return f"({name} IS NULL OR ({condition}))"


_SETTINGS: Final = f"""
{_object("settings")}
AND coalesce(json_type(settings, '$.workers') = 'integer', 0)
AND json_extract(settings, '$.workers') BETWEEN 1 AND 1000
AND coalesce(json_type(settings, '$.worker'), 'array') = 'array'
AND coalesce(json_type(settings, '$.base_port'), 'integer') = 'integer'
AND coalesce(json_extract(settings, '$.base_port'), 0) BETWEEN 0 AND 65535
AND coalesce(json_type(settings, '$.deadline'), 'null') IN ('null', 'integer', 'real')
AND coalesce(json_extract(settings, '$.deadline'), 0) BETWEEN 0 AND {_LONGEST}
"""
_OUTCOMES: Final = ", ".join(f"'{outcome.value}'" for outcome in Outcome)
_CONDITIONS: Final = {
    "runs": {
        "id": _whole("id", 1, _MOST_RUNS),
        "settings": _SETTINGS,
        "recipe": _or_null(_object("recipe"), "recipe"),
        "collector": _text("collector"),
        "goal": _or_null(_whole("goal", 0), "goal"),
        "outcome": _or_null(f"outcome IN ({_OUTCOMES})", "outcome"),
        "reason": f"outcome IS NULL OR {_text('reason')}",
        "findings": _object("findings"),
    },
    "sessions": {
        "number": _whole("number", 1),
        "started_at": _seconds("started_at", _LATEST),
        "elapsed_s": _seconds("elapsed_s", _LONGEST),
        "tally": _or_null(_object("tally"), "tally"),
        "host": _or_null(_text("host"), "host"),
    },
    "samples": {
        '"index"': _whole('"index"', 0),
        "value": _whole("value", -(2**63) + 1),
        "worker": _whole("worker", 1),
        "incarnation": _whole("incarnation", 1),
        "seq": _whole("seq", 0),
        "received_at": _seconds("received_at", _LATEST),
    },
    "incarnations": {
        "worker": _whole("worker", 1),
        "number": _whole("number", 1),
        "port": _whole("port", 0, 65535),
        "pid": _whole("pid", 0),
        "spawned_at": _seconds("spawned_at", _LATEST),
        "streaming_at": _or_null(_seconds("streaming_at", _LATEST), "streaming_at"),
        "ended_at": _or_null(_seconds("ended_at", _LATEST), "ended_at"),
        "failure": _or_null(_text("failure"), "failure"),
    },
    "events": {
        "at": _seconds("at", _LATEST),
        "level": _whole("level", 0, 1000),
        "kind": _text("kind"),
        "text": _text("text"),
    },
}


def check_runs(connection: sqlite3.Connection, path: Path) -> None:
    """See whether the runs of a store and their sessions are sound.

    Raises:
        StoreError: one is not; it says which, and where.
    """
    _check(connection, path, "runs")
    _check(connection, path, "sessions")
    for (run,) in connection.execute(
        "SELECT id FROM runs WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE run = id) LIMIT 1"
    ):
        raise damaged(path, run, "it has no session")


def check_run(connection: sqlite3.Connection, path: Path, run: int) -> None:
    """See whether all that belongs to a run is sound, which `check_runs` has found to be one.

    Raises:
        StoreError: something is not; it says what.
    """
    for table in ("samples", "incarnations", "events"):
        _check(connection, path, table, f"run = {run}")
    count, most = connection.execute(
        'SELECT count(*), max("index") FROM samples WHERE run = ?', (run,)
    ).fetchone()
    if count and most != count - 1:
        raise damaged(path, run, "samples are missing between the first and the last one")


def json_object(text: str, path: Path, run: int, column: str) -> dict[str, Any]:
    """Return the object that a column holds, which was found to be sound before."""
    try:
        found: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as error:  # what SQLite takes for JSON may be too large
        raise damaged(path, run, f"{column} cannot be read: {error}") from error
    return found


def damaged(path: Path, run: object, trouble: str) -> StoreError:
    """Return the error of a run that is not as this program writes it."""
    return StoreError(
        f"run {run} in {path} is damaged, or was changed by another program: {trouble}"
    )


def _check(connection: sqlite3.Connection, path: Path, table: str, where: str = "1") -> None:
    cases = " ".join(
        f"WHEN NOT coalesce(({condition}), 0) THEN '{column}'"
        for column, condition in _CONDITIONS[table].items()
    )
    run = "id" if table == "runs" else "run"
    query = (
        f"SELECT quote({run}), CASE {cases} END AS wrong FROM {table} "  # noqa: S608  # all ours
        f"WHERE wrong IS NOT NULL AND {where} LIMIT 1"
    )
    for which, column in connection.execute(query):
        name = f"{table}.{column}".replace('"', "")
        raise damaged(path, which, f"the column {name} holds something else than it should")
