"""The store: an SQLite database of runs, which outlives them, and from which they go on."""

from rnd_actors.store._reading import (
    copy_run,
    list_runs,
    read_checkpoint,
    read_events,
    read_run,
    read_samples,
)
from rnd_actors.store._recording import Recording
from rnd_actors.store._records import (
    Checkpoint,
    Incarnation,
    RunDescription,
    RunHistory,
    Session,
    StoredEvent,
    StoredRun,
)
from rnd_actors.store._trust import damaged

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
    "damaged",
    "list_runs",
    "read_checkpoint",
    "read_events",
    "read_run",
    "read_samples",
]
