"""The store: an SQLite database of runs, which outlives them, and from which they go on."""

from rnd_actors.store._copying import copy_run
from rnd_actors.store._reading import Remains, list_runs, read_remains, read_run
from rnd_actors.store._recording import Recording, RunDescription
from rnd_actors.store._records import Incarnation, RunHistory, Session, StoredEvent, StoredRun

__all__ = [
    "Incarnation",
    "Recording",
    "Remains",
    "RunDescription",
    "RunHistory",
    "Session",
    "StoredEvent",
    "StoredRun",
    "copy_run",
    "list_runs",
    "read_remains",
    "read_run",
]
