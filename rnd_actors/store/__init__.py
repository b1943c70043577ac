"""The store: an SQLite database of runs, which outlives them, and from which they go on."""

from rnd_actors.store._checkpoint import Checkpoint, read_checkpoint
from rnd_actors.store._copying import copy_run
from rnd_actors.store._history import read_run, read_samples
from rnd_actors.store._recording import Recording, RunDescription
from rnd_actors.store._records import Incarnation, RunHistory, Session, StoredEvent, StoredRun
from rnd_actors.store._runs import list_runs

__all__ = [
    "Checkpoint",
    "Incarnation",
    "Recording",
    "RunDescription",
    "RunHistory",
    "Session",
    "StoredEvent",
    "StoredRun",
    "copy_run",
    "list_runs",
    "read_checkpoint",
    "read_run",
    "read_samples",
]
