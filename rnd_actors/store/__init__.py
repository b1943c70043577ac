"""The store: an SQLite database of runs, which outlives them, and from which they go on."""

from rnd_actors.store._copying import copy_run
from rnd_actors.store._history import read_run, read_samples
from rnd_actors.store._recording import Recording, RunDescription
from rnd_actors.store._records import Incarnation, RunHistory, Session, StoredEvent, StoredRun
from rnd_actors.store._remains import Remains, read_remains
from rnd_actors.store._runs import list_runs

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
    "read_samples",
]
