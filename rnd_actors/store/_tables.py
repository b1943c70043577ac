"""The SQL of a store, table by table: to make, write, read and check each."""

from typing import Final, TypeAlias

from attrs import frozen

from rnd_actors.collecting import Outcome

Check: TypeAlias = tuple[str, str]
"""A column, and the condition that its values fulfil."""


@frozen
class Table:
    """A table of today's schema.

    Args:
        name: of the table.
        create: the statement that makes it.
        order: the columns that rows are sorted by when they are read.
        checks: one for each column. Anybody can change a file, and SQLite keeps any type in any
            column: whoever reads a column that was checked need not doubt what it gets.
        run: the column with the id of the run.
    """

    name: str
    create: str
    order: str
    checks: tuple[Check, ...]
    run: str = "run"

    @property
    def select(self) -> str:
        """A query for all of a run but its id."""
        columns = ", ".join(self._columns)
        return f"SELECT {columns} FROM {self.name} WHERE {self.run} = ? ORDER BY {self.order}"  # noqa: S608

    @property
    def insert(self) -> str:
        """A statement that adds a row: the id of the run, and a row of `select`."""
        names = ", ".join((self.run, *self._columns))
        marks = ", ".join("?" for _ in (self.run, *self._columns))
        return f"INSERT INTO {self.name} ({names}) VALUES ({marks})"  # noqa: S608

    @property
    def faults(self) -> str:
        """A query for rows that this program has not written: run, table and first such column."""
        cases = " ".join(
            f"WHEN NOT coalesce(({condition}), 0) THEN '{column}'"
            for column, condition in self.checks
        )
        return (
            f"SELECT quote({self.run}), '{self.name}', CASE {cases} END AS wrong "  # noqa: S608
            f"FROM {self.name} WHERE wrong IS NOT NULL"
        )

    @property
    def _columns(self) -> list[str]:
        return [column for column, _ in self.checks if column != self.run]


def _whole(column: str, least: int, most: int = 2**63 - 1) -> Check:
    return column, f"typeof({column}) = 'integer' AND {column} BETWEEN {least} AND {most}"


def _seconds(column: str, most: float) -> Check:
    return column, f"typeof({column}) = 'real' AND {column} BETWEEN 0 AND {most}"


def _time(column: str) -> Check:
    return _seconds(column, 2.5e11)  # since the epoch: what Python can tell in any time zone


def _text(column: str) -> Check:
    return column, f"typeof({column}) = 'text'"


def _object(column: str) -> Check:
    valid = f"typeof({column}) = 'text' AND json_valid({column})"
    return column, f"CASE WHEN {valid} THEN json_type({column}) = 'object' END"


def _or_null(check: Check) -> Check:
    column, condition = check
    return column, f"{column} IS NULL OR ({condition})"


_LONGEST: Final = 1e10
"""Seconds that a session or a deadline can take."""

_OUTCOMES: Final = ", ".join(f"'{outcome.value}'" for outcome in Outcome)
_SETTINGS: Final = f"""
{_object("settings")[1]}
AND coalesce(json_type(settings, '$.workers') = 'integer', 0)
AND json_extract(settings, '$.workers') BETWEEN 1 AND 1000
AND coalesce(json_type(settings, '$.worker'), 'array') = 'array'
AND coalesce(json_type(settings, '$.base_port'), 'integer') = 'integer'
AND coalesce(json_extract(settings, '$.base_port'), 0) BETWEEN 0 AND 65535
AND coalesce(json_type(settings, '$.deadline'), 'null') IN ('null', 'integer', 'real')
AND coalesce(json_extract(settings, '$.deadline'), 0) BETWEEN 0 AND {_LONGEST}
"""
RUNS: Final = Table(
    name="runs",
    create="""
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            settings TEXT NOT NULL,     -- JSON: the settings of the run
            recipe TEXT,                -- JSON: makes its collector again; NULL if nothing can
            collector TEXT NOT NULL,    -- what it collects, in words
            goal INTEGER,               -- samples; NULL if its goal is no number of samples
            outcome TEXT,               -- of its last session; NULL until that has ended in order
            reason TEXT,
            findings TEXT NOT NULL DEFAULT '{}',
            seal TEXT                   -- of the user who began it; NULL if there is none
        )""",
    order="id",
    checks=(
        _whole("id", 1, 2**32),
        ("settings", _SETTINGS),
        _or_null(_object("recipe")),
        _text("collector"),
        _or_null(_whole("goal", 0)),
        _or_null(("outcome", f"outcome IN ({_OUTCOMES})")),
        ("reason", "outcome IS NULL OR typeof(reason) = 'text'"),
        _object("findings"),
        ("seal", "1"),  # it is compared only
    ),
    run="id",
)
INSERT_RUN: Final = """
INSERT INTO runs (settings, recipe, collector, goal, seal)
VALUES (:settings, :recipe, :collector, :goal, :seal) RETURNING id
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
    name="sessions",
    create="""
        CREATE TABLE sessions (
            run INTEGER NOT NULL REFERENCES runs,
            number INTEGER NOT NULL,
            started_at REAL NOT NULL,   -- all times: seconds since the epoch
            elapsed_s REAL NOT NULL DEFAULT 0,  -- from there to its last sample
            tally TEXT,                 -- JSON: what the run knows of its workers
            host TEXT,                  -- the name of the computer; NULL if it is not known
            PRIMARY KEY (run, number)
        ) WITHOUT ROWID""",
    order="number",
    checks=(
        _whole("number", 1),
        _time("started_at"),
        _seconds("elapsed_s", _LONGEST),
        _or_null(_object("tally")),
        _or_null(_text("host")),
    ),
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
    name="samples",
    create="""
        CREATE TABLE samples (
            run INTEGER NOT NULL REFERENCES runs,
            "index" INTEGER NOT NULL,
            value INTEGER NOT NULL,
            worker INTEGER NOT NULL,
            incarnation INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            received_at REAL NOT NULL,
            PRIMARY KEY (run, "index"),
            UNIQUE (run, worker, incarnation, seq)
        ) WITHOUT ROWID""",
    order='"index"',
    checks=(
        _whole('"index"', 0),
        _whole("value", -(2**63) + 1),
        _whole("worker", 1),
        _whole("incarnation", 1),
        _whole("seq", 0),
        _time("received_at"),
    ),
)
COUNT_SAMPLES: Final = 'SELECT count(*), max("index") FROM samples WHERE run = ?'

INCARNATIONS: Final = Table(
    name="incarnations",
    create="""
        CREATE TABLE incarnations (     -- of the workers
            run INTEGER NOT NULL REFERENCES runs,
            worker INTEGER NOT NULL,
            number INTEGER NOT NULL,
            port INTEGER NOT NULL,
            pid INTEGER NOT NULL,
            spawned_at REAL NOT NULL,
            streaming_at REAL,
            ended_at REAL,
            failure TEXT,               -- NULL if it was told to stop
            PRIMARY KEY (run, worker, number)
        ) WITHOUT ROWID""",
    order="worker, number",
    checks=(
        _whole("worker", 1),
        _whole("number", 1),
        _whole("port", 0, 65535),
        _whole("pid", 0),
        _time("spawned_at"),
        _or_null(_time("streaming_at")),
        _or_null(_time("ended_at")),
        _or_null(_text("failure")),
    ),
)
INSERT_INCARNATION: Final = """
INSERT OR REPLACE INTO incarnations (run, worker, number, port, pid, spawned_at)
VALUES (:run, :worker, :number, :port, :pid, :at)
"""
INCARNATION_STREAMS: Final = """
UPDATE incarnations SET streaming_at = :at
WHERE run = :run AND worker = :worker AND number = :number AND streaming_at IS NULL
"""
INCARNATION_ENDED: Final = """
UPDATE incarnations SET ended_at = :at, failure = :failure
WHERE run = :run AND worker = :worker AND ended_at IS NULL
"""
LAST_INCARNATIONS: Final = """
SELECT worker, max(number) FROM (
    SELECT worker, number FROM incarnations WHERE run = :run
    UNION ALL SELECT worker, incarnation FROM samples WHERE run = :run
) GROUP BY worker
"""

EVENTS: Final = Table(
    name="events",
    create="""
        CREATE TABLE events (
            run INTEGER NOT NULL REFERENCES runs,
            at REAL NOT NULL,
            level INTEGER NOT NULL,     -- one of Python's logging
            kind TEXT NOT NULL,         -- its class
            text TEXT NOT NULL
        )""",
    order="at, rowid",
    checks=(_time("at"), _whole("level", 0, 1000), _text("kind"), _text("text")),
)
_INDEX_EVENTS: Final = "CREATE INDEX events_of_run ON events (run, at)"

TABLES_OF_A_RUN: Final = (SESSIONS, SAMPLES, INCARNATIONS, EVENTS)
SCHEMA: Final = (RUNS.create, *(table.create for table in TABLES_OF_A_RUN), _INDEX_EVENTS)
"""Makes a store of an empty database."""

MIGRATIONS: Final = (
    "ALTER TABLE runs ADD COLUMN seal TEXT",
    "ALTER TABLE sessions ADD COLUMN host TEXT",
    "DROP TABLE restarts",
)
"""Each makes a store of one version one of the next, beginning with version 1."""

VERSION: Final = 1 + len(MIGRATIONS)
