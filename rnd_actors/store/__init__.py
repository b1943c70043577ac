"""The store: an SQLite database of runs, which outlives them, and from which they go on."""

from rnd_actors.store._records import Incarnation, RunHistory, Session, StoredEvent, StoredRun

__all__ = ["Incarnation", "RunHistory", "Session", "StoredEvent", "StoredRun"]
