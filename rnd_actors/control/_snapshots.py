"""Pictures of a system that follow each other, so that they show how fast its actors work."""

import time
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from rnd_actors.actors import ActorSystem
from rnd_actors.inspection import ActorRow, overview

_LEAST_S: Final = 0.9
"""The shortest time over which a rate is taken; a snapshot that comes sooner has the one before."""


@frozen
class _Work:
    """What the actors had done at a time, in monotonic seconds: handled messages and busy time."""

    at: float
    by_actor: dict[str, tuple[int, float]]


class Snapshots:
    """The snapshots of a system, as plain data.

    Args:
        system: of the actors.
        status: returns the status of the run; None: it is no run.
    """

    def __init__(self, system: ActorSystem, status: Callable[[], dict[str, Any] | None]) -> None:
        self._system = system
        self._status = status
        self._former: _Work | None = None
        self._latest: _Work | None = None

    def take(self) -> dict[str, Any]:
        """Return what all actors do now: `at`, `dead_letters`, `run`, and a row each in `actors`.

        `messages_per_s` and `busy`, a share, are those of the time since the snapshot before; in
        the first one they are null, and so is `busy` for actors with a `run` of their own.
        """
        rows, now = overview(self._system), time.monotonic()
        work = _Work(now, {row.ref.name: (row.stats.handled, row.stats.busy_s) for row in rows})
        if self._latest is None or now - self._latest.at >= _LEAST_S:
            self._former, self._latest = self._latest, work
        former = self._former
        return {
            "at": time.time(),
            "dead_letters": self._system.dead_letters,
            "run": self._status(),
            "actors": [_plain(row, *_pace(row, now, former)) for row in rows],
        }


def _pace(row: ActorRow, now: float, former: _Work | None) -> tuple[float | None, float | None]:
    """Return the messages a second of an actor, and the share of the time that it was busy."""
    then = None if former is None else former.by_actor.get(row.ref.name)
    if former is None or then is None or row.stats.handled < then[0]:  # or it is another one
        return None, None
    past_s = now - former.at
    busy = min(1.0, max(0.0, (row.stats.busy_s - then[1]) / past_s))
    return (row.stats.handled - then[0]) / past_s, None if row.has_own_work else busy


def _plain(row: ActorRow, messages_per_s: float | None, busy: float | None) -> dict[str, Any]:
    stats = row.stats
    return {
        "name": row.ref.name,
        "parent": row.parent,
        "kind": row.kind,
        "incarnation": row.incarnation,
        "restarts": max(0, row.incarnation - 1),
        "state": row.state.value,
        "doing": row.doing,
        "mailbox": stats.mailbox,
        "told": stats.told,
        "handled": stats.handled,
        "failed": stats.failed,
        "dead": stats.dead,
        "refused": stats.refused,
        "stashed": stats.stashed,
        "busy_s": stats.busy_s,
        "messages_per_s": messages_per_s,
        "busy": busy,
    }
