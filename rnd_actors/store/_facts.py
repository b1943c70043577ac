"""What a store keeps of an event: statements that bring its tables up to date."""

import logging
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from rnd_actors.actors import ActorFailed, ActorStopped, ChildRestarting, Event
from rnd_actors.workers import WorkerEvent, WorkerSpawned, WorkerStreaming

__all__ = ["Statement", "event_row", "facts"]

_WORKERS: Final = "workers/"

Value: TypeAlias = int | float | str | None


@frozen
class Statement:
    """An SQL statement with its parameters; `:run` is added to them."""

    sql: str
    parameters: Mapping[str, Value]


_SPAWNED: Final = """
INSERT OR REPLACE INTO incarnations (run, worker, number, port, pid, spawned_at)
VALUES (:run, :worker, :number, :port, :pid, :at)
"""
_STREAMING: Final = """
UPDATE incarnations SET streaming_at = :at
WHERE run = :run AND worker = :worker AND number = :number AND streaming_at IS NULL
"""
_ENDED: Final = """
UPDATE incarnations SET ended_at = :at, failure = :failure
WHERE run = :run AND worker = :worker AND ended_at IS NULL
"""
_RESTARTED: Final = """
INSERT INTO restarts (run, at, worker, delay_s) VALUES (:run, :at, :worker, :delay_s)
"""
_EVENT: Final = """
INSERT INTO events (run, at, level, kind, text) VALUES (:run, :at, :level, :kind, :text)
"""


def facts(event: Event, at: float) -> Iterator[Statement]:
    """Give what an event says of the incarnations of workers and of their restarts."""
    match event:
        case WorkerSpawned(worker, number, pid, port):
            spawned = {"at": at, "worker": worker, "number": number, "pid": pid, "port": port}
            yield Statement(_SPAWNED, spawned)
        case WorkerStreaming(worker, number):
            yield Statement(_STREAMING, {"at": at, "worker": worker, "number": number})
        case ActorFailed(actor=name, reason=reason) if _is_worker(name):
            yield Statement(_ENDED, {"at": at, "worker": _id(name), "failure": str(reason)})
        case ActorStopped(actor=name) if _is_worker(name):
            yield Statement(_ENDED, {"at": at, "worker": _id(name), "failure": None})
        case ChildRestarting(child=name, delay_s=delay_s) if _is_worker(name):
            yield Statement(_RESTARTED, {"at": at, "worker": _id(name), "delay_s": delay_s})


def event_row(event: Event, at: float) -> Statement | None:
    """Return what keeps an event itself: those of workers, and all from level INFO on."""
    if event.level < logging.INFO and not isinstance(event, WorkerEvent):
        return None
    kind = type(event).__name__
    return Statement(_EVENT, {"at": at, "level": event.level, "kind": kind, "text": str(event)})


def _is_worker(actor: str) -> bool:
    return actor.startswith(_WORKERS)


def _id(actor: str) -> int:
    return int(actor.removeprefix(_WORKERS))
