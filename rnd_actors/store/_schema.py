"""The tables of a store, and how an older store becomes one of today."""

from typing import Final

__all__ = ["APPLICATION_ID", "MIGRATIONS"]

APPLICATION_ID: Final = 0x726E6461
"""What marks a database file as a store: the letters `rnda`, in the field SQLite has for it."""

_RUNS: Final = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    settings TEXT NOT NULL,     -- JSON: the settings of the run
    recipe TEXT,                -- JSON: how its collector is made again; NULL if it cannot be
    collector TEXT NOT NULL,    -- what it collects, in words
    goal INTEGER,               -- samples; NULL if its goal is no number of samples
    outcome TEXT,               -- of its last session; NULL until that has ended in order
    reason TEXT,
    findings TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE sessions (         -- a run is begun once, and resumed any number of times
    run INTEGER NOT NULL REFERENCES runs,
    number INTEGER NOT NULL,
    started_at REAL NOT NULL,   -- all times: seconds since the epoch
    elapsed_s REAL NOT NULL DEFAULT 0,  -- from there to its last sample
    tally TEXT,                 -- JSON: what the run knows of its workers, for who resumes it
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
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
) WITHOUT ROWID;
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
) WITHOUT ROWID;
CREATE TABLE restarts (
    run INTEGER NOT NULL REFERENCES runs,
    at REAL NOT NULL,
    worker INTEGER NOT NULL,
    delay_s REAL NOT NULL
);
CREATE INDEX restarts_of_run ON restarts (run, at);
CREATE TABLE events (
    run INTEGER NOT NULL REFERENCES runs,
    at REAL NOT NULL,
    level INTEGER NOT NULL,     -- one of Python's logging
    kind TEXT NOT NULL,         -- its class
    text TEXT NOT NULL
);
CREATE INDEX events_of_run ON events (run, at);
"""

_SEALS: Final = """
ALTER TABLE runs ADD COLUMN seal TEXT /* of the user who has begun it; NULL if there is none */
"""

_HOSTS: Final = """
ALTER TABLE sessions ADD COLUMN host TEXT /* the name of the computer; NULL if it is not known */
"""

MIGRATIONS: Final = (_RUNS, _SEALS, _HOSTS)
"""Each makes a store of one version one of the next, beginning with an empty file of version 0."""
