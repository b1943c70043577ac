"""The SQL of a store, table by table: to make, write, read and check each."""

from sys import float_info
from typing import Final

from attrs import frozen

from rnd_actors._worker_limits import MOST_WORKERS
from rnd_actors.collectors import Outcome


@frozen
class Table:
    """A table of today's schema.

    Anybody can change a file, and SQLite keeps any type in any column. Whoever reads a column that
    was checked need not doubt what it gets.

    Args:
        name: of the table.
        order: the columns that rows are sorted by when they are read.
        columns: each as it is declared, with the condition that its values fulfil, in which {0} is
            its name.
        keys: its primary key and what else is unique; "": rows have a number of their own.
    """

    name: str
    order: str
    columns: tuple[tuple[str, str], ...]
    keys: str = ""

    @property
    def create(self) -> str:
        """The statement that makes it."""
        declared = ["run INTEGER NOT NULL REFERENCES runs"] if self._run == "run" else []
        declared += [declaration for declaration, _ in self.columns]
        if self.keys:
            return f"CREATE TABLE {self.name} ({', '.join(declared)}, {self.keys}) WITHOUT ROWID"
        return f"CREATE TABLE {self.name} ({', '.join(declared)})"

    @property
    def select(self) -> str:
        """A query for all of a run but its id."""
        names = ", ".join(self._names)
        return f"SELECT {names} FROM {self.name} WHERE {self._run} = ? ORDER BY {self.order}"  # noqa: S608

    @property
    def insert(self) -> str:
        """A statement that adds a row: the id of the run, and a row of `select`."""
        names = (self._run, *self._names)
        marks = ", ".join("?" for _ in names)
        return f"INSERT INTO {self.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608

    @property
    def faults(self) -> str:
        """A query for rows that this program has not written: run, table and first such column."""
        checks = ((_name(declaration), condition) for declaration, condition in self.columns)
        cases = " ".join(
            f"WHEN NOT coalesce(({condition.format(name)}), 0) THEN '{name}'"
            for name, condition in checks
        )
        return (
            f"SELECT quote({self._run}), '{self.name}', CASE {cases} END AS wrong "  # noqa: S608
            f"FROM {self.name} WHERE wrong IS NOT NULL"
        )

    @property
    def _run(self) -> str:
        return "id" if self.name == "runs" else "run"

    @property
    def _names(self) -> list[str]:
        names = (_name(declaration) for declaration, _ in self.columns)
        return [name for name in names if name != self._run]


def _name(declaration: str) -> str:
    return declaration.partition(" ")[0]


def _whole(least: int, most: int = 2**63 - 1) -> str:
    return f"typeof({{0}}) = 'integer' AND {{0}} BETWEEN {least} AND {most}"


def _seconds(most: float) -> str:
    return f"typeof({{0}}) = 'real' AND {{0}} BETWEEN 0 AND {most}"


def _or_null(condition: str) -> str:
    return f"{{0}} IS NULL OR ({condition})"


_TIME: Final = _seconds(2.5e11)  # since the epoch: what Python can tell in any time zone
_TEXT: Final = "typeof({0}) = 'text'"
_OBJECT: Final = f"CASE WHEN {_TEXT} AND json_valid({{0}}) THEN json_type({{0}}) = 'object' END"
_LONGEST: Final = 1e10
"""Seconds that a session can take."""
_OUTCOMES: Final = ", ".join(f"'{outcome.value}'" for outcome in Outcome)
_SETTINGS: Final = f"""
{_OBJECT}
AND coalesce(json_type({{0}}, '$.workers') = 'integer', 0)
AND json_extract({{0}}, '$.workers') BETWEEN 1 AND {MOST_WORKERS}
AND coalesce(json_type({{0}}, '$.worker'), 'array') = 'array'
AND coalesce(json_type({{0}}, '$.base_port'), 'integer') = 'integer'
AND coalesce(json_extract({{0}}, '$.base_port'), 0) BETWEEN 0 AND 65535
AND coalesce(json_type({{0}}, '$.deadline'), 'null') IN ('null', 'integer', 'real')
AND coalesce(json_extract({{0}}, '$.deadline'), 0) BETWEEN 0 AND {float_info.max!r}
"""

RUNS: Final = Table(
    "runs",
    order="id",
    columns=(
        ("id INTEGER PRIMARY KEY", _whole(1, 2**32)),
        ("settings TEXT NOT NULL", _SETTINGS),
        ("recipe TEXT", _or_null(_OBJECT)),  # makes its collector again; NULL if nothing can
        ("collector TEXT NOT NULL", _TEXT),  # what it collects, in words
        ("goal INTEGER", _or_null(_whole(0))),  # samples; NULL if it is no number of samples
        ("outcome TEXT", _or_null(f"{{0}} IN ({_OUTCOMES})")),  # NULL until a session has ended
        ("reason TEXT", f"outcome IS NULL OR {_TEXT}"),
        ("findings TEXT NOT NULL DEFAULT '{}'", _OBJECT),
        ("seal TEXT", "1"),  # of the user who began it, or NULL; it is compared only
    ),
)
INSERT_RUN: Final = """
INSERT INTO runs (settings, recipe, collector, goal, seal)
VALUES (:settings, :recipe, :collector, :goal, :seal) RETURNING id
"""
DESCRIBE_RUN: Final = """
UPDATE runs
SET settings = :settings, recipe = :recipe, collector = :collector, goal = :goal, seal = :seal
WHERE id = :run
"""
REOPEN_RUN: Final = """
UPDATE runs SET outcome = NULL, reason = NULL
WHERE id = :run AND (SELECT count(*) FROM sessions WHERE run = :run) = :sessions RETURNING id
"""
FINISH_RUN: Final = """
UPDATE runs SET outcome = :outcome, reason = :reason, findings = :findings WHERE id = :run
"""
LIST_RUNS: Final = """
SELECT id, outcome, collector, goal, json_extract(settings, '$.workers') AS workers,
    coalesce(json_extract(settings, '$.worker'), '[]') AS worker,
    (SELECT min(started_at) FROM sessions WHERE run = id) AS started_at,
    (SELECT count(*) FROM samples WHERE run = id) AS samples,
    (SELECT count(*) FROM sessions WHERE run = id) AS sessions,
    (SELECT total(elapsed_s) FROM sessions WHERE run = id) AS elapsed_s
FROM runs ORDER BY id
"""
RUN_WITHOUT_SESSION: Final = """
SELECT id FROM runs WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE run = id) LIMIT 1
"""
BEGINNING_OF_RUN: Final = "SELECT settings, recipe, seal FROM runs WHERE id = ?"
END_OF_RUN: Final = "SELECT settings, outcome, reason, findings FROM runs WHERE id = ?"

SESSIONS: Final = Table(  # a run is begun once, and resumed any number of times
    "sessions",
    order="number",
    columns=(
        ("number INTEGER NOT NULL", _whole(1)),
        ("started_at REAL NOT NULL", _TIME),
        ("elapsed_s REAL NOT NULL DEFAULT 0", _seconds(_LONGEST)),  # from there to the last sample
        ("tally TEXT", _or_null(_OBJECT)),  # what the run knows of its workers
        ("host TEXT", _or_null(_TEXT)),  # the name of the computer; NULL if it is not known
    ),
    keys="PRIMARY KEY (run, number)",
)
NEXT_SESSION: Final = "SELECT count(*) + 1, total(elapsed_s) FROM sessions WHERE run = ?"
INSERT_SESSION: Final = "INSERT INTO sessions (run, number, started_at, host) VALUES (?, ?, ?, ?)"
UPDATE_SESSION: Final = """
UPDATE sessions
SET started_at = :started_at, elapsed_s = :elapsed_s, tally = coalesce(:tally, tally)
WHERE run = :run AND number = :number
"""
LIST_SESSIONS: Final = """
SELECT number, started_at, elapsed_s, host FROM sessions WHERE run = ? ORDER BY number
"""
LATEST_TALLY: Final = """
SELECT tally FROM sessions WHERE run = ? AND tally IS NOT NULL ORDER BY number DESC LIMIT 1
"""

SAMPLES: Final = Table(
    "samples",
    order='"index"',
    columns=(
        ('"index" INTEGER NOT NULL', _whole(0)),
        ("value INTEGER NOT NULL", _whole(-(2**63) + 1)),
        ("worker INTEGER NOT NULL", _whole(1)),
        ("incarnation INTEGER NOT NULL", _whole(1)),
        ("seq INTEGER NOT NULL", _whole(0)),
        ("received_at REAL NOT NULL", _TIME),
    ),
    keys='PRIMARY KEY (run, "index"), UNIQUE (run, worker, incarnation, seq)',
)
COUNT_SAMPLES: Final = 'SELECT count(*), max("index") FROM samples WHERE run = ?'

INCARNATIONS: Final = Table(
    "incarnations",
    order="worker, number",
    columns=(
        ("worker INTEGER NOT NULL", _whole(1)),
        ("number INTEGER NOT NULL", _whole(1)),
        ("port INTEGER NOT NULL", _whole(0, 65535)),
        ("pid INTEGER NOT NULL", _whole(0)),
        ("spawned_at REAL NOT NULL", _TIME),
        ("streaming_at REAL", _or_null(_TIME)),
        ("ended_at REAL", _or_null(_TIME)),
        ("failure TEXT", _or_null(_TEXT)),  # NULL if it was told to stop
        ("host TEXT", _or_null(_TEXT)),  # of a cluster; NULL if it was on this machine
    ),
    keys="PRIMARY KEY (run, worker, number)",
)
INSERT_INCARNATION: Final = """
INSERT OR REPLACE INTO incarnations (run, worker, number, port, pid, spawned_at, host)
VALUES (:run, :worker, :number, :port, :pid, :at, :host)
"""
INCARNATION_STREAMS: Final = """
UPDATE incarnations SET streaming_at = :at
WHERE run = :run AND worker = :worker AND number = :number AND streaming_at IS NULL
"""
INCARNATION_ENDED: Final = """
UPDATE incarnations SET ended_at = :at, failure = :failure
WHERE run = :run AND worker = :worker AND ended_at IS NULL
"""
HOSTS_OF_INCARNATIONS: Final = """
SELECT worker, number, host FROM incarnations WHERE run = ? AND host IS NOT NULL
"""
LAST_INCARNATIONS: Final = """
SELECT worker, max(number) FROM (
    SELECT worker, number FROM incarnations WHERE run = :run
    UNION ALL SELECT worker, incarnation FROM samples WHERE run = :run
) GROUP BY worker
"""

EVENTS: Final = Table(
    "events",
    order="at, rowid",
    columns=(
        ("at REAL NOT NULL", _TIME),
        ("level INTEGER NOT NULL", _whole(0, 1000)),  # one of Python's logging
        ("kind TEXT NOT NULL", _TEXT),  # its class
        ("text TEXT NOT NULL", _TEXT),
    ),
)
_INDEX_EVENTS: Final = "CREATE INDEX events_of_run ON events (run, at)"

TABLES_OF_A_RUN: Final = (SESSIONS, SAMPLES, INCARNATIONS, EVENTS)
SCHEMA: Final = (RUNS.create, *(table.create for table in TABLES_OF_A_RUN), _INDEX_EVENTS)
"""Makes a store of an empty database."""

MIGRATIONS: Final = (
    "ALTER TABLE runs ADD COLUMN seal TEXT",
    "ALTER TABLE sessions ADD COLUMN host TEXT",
    "DROP TABLE restarts",
    "ALTER TABLE incarnations ADD COLUMN host TEXT",
)
"""Each makes a store of one version one of the next, beginning with version 1."""

VERSION: Final = 1 + len(MIGRATIONS)
