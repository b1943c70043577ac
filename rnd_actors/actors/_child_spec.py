"""What a supervisor knows of a child, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final, Generic

from attrs import fields, frozen

from rnd_actors.actors._bounded_mailbox import Overflow
from rnd_actors.actors._ref import ActorRef
from rnd_actors.errors import ChildSpecError

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import TypeVar

    from rnd_actors.actors._actor import Actor
    from rnd_actors.actors._delegation import Delegated

    M = TypeVar("M", default=Any)
else:
    from typing import TypeVar

    M = TypeVar("M")

__all__ = ["BRUTAL_KILL", "INFINITY", "ChildSpec", "Restart"]


class Restart(Enum):
    """When a supervisor restarts a child that ended without being told to.

    Example:
        >>> from rnd_actors import Actor, ChildSpec, Restart
        >>> ChildSpec("import", Actor, restart=Restart.TRANSIENT).restart.value
        'transient'
    """

    PERMANENT = "permanent"
    """Always."""
    TRANSIENT = "transient"
    """After a crash or a kill, not after a normal end."""
    TEMPORARY = "temporary"
    """Never."""
    DELEGATED = "delegated"
    """When the spec's `decider`, another actor, answers `ChildDown` with `RestartChild`."""


INFINITY: Final = float("inf")
"""A time limit that never ends; meant for children that are supervisors themselves."""

BRUTAL_KILL: Final = 0.0
"""The time limit of a child that is killed without being asked to stop."""


@frozen
class ChildSpec(Generic[M]):
    """How to make a child, when to restart it and how to end it.

    Type checkers read from the factory what its actor accepts: `ChildSpec[Add]`. In annotations,
    `ChildSpec` alone is that of any actor, as in `list[ChildSpec]` for several kinds of children.

    Args:
        id: unique among the supervisor's children; no `/`, which separates levels in names.
        factory: makes a fresh, unstarted instance for each incarnation.
        restart: when to restart it.
        significant: whether its end for good may end the supervisor (`AutoShutdown`); not for
            children that are always restarted.
        shutdown: seconds that it may take to stop (10 by default) before it is killed;
            `BRUTAL_KILL` and `INFINITY` are accepted.
        drain: whether its supervisor lets it handle what waits in its mailbox before it stops.
        capacity: how many messages its mailbox holds; None means without limit.
        overflow: what happens to messages beyond the capacity.
        decider: who decides on restarts; for `Restart.DELEGATED` and for no other.

    Raises:
        ChildSpecError: a field is not of its accepted form.

    Example:
        >>> from rnd_actors import Actor, ChildSpec, Restart
        >>> ChildSpec("cache", Actor, restart=Restart.TRANSIENT, shutdown=0.5)
        ChildSpec('cache', Actor, restart=Restart.TRANSIENT, shutdown=0.5)
    """

    id: str
    factory: Callable[[], Actor[M]]
    restart: Restart = Restart.PERMANENT
    significant: bool = False
    shutdown: float = 10.0
    drain: bool = False
    capacity: int | None = None
    overflow: Overflow = Overflow.BLOCK
    decider: ActorRef[Delegated] | None = None

    def __attrs_post_init__(self) -> None:
        if not _is_name(self.id):
            raise self._objection("id", "a name without /")
        if not callable(self.factory):
            raise self._objection("factory", "a callable that makes the actor")
        if not isinstance(self.restart, Restart):
            raise self._objection("restart", "a member of Restart")
        if self.significant and self.restart not in (Restart.TRANSIENT, Restart.TEMPORARY):
            raise self._objection("significant", "True for TRANSIENT or TEMPORARY children")
        if not _is_limit(self.shutdown):
            raise self._objection("shutdown", "seconds >= 0, BRUTAL_KILL or INFINITY")
        if not _is_capacity(self.capacity):
            raise self._objection("capacity", "None or a whole number >= 1")
        if not isinstance(self.overflow, Overflow):
            raise self._objection("overflow", "a member of Overflow")
        if not _is_decider(self.decider, self.restart):
            raise self._objection("decider", "a ref if DELEGATED, else None")

    def _objection(self, field: str, form: str) -> ChildSpecError:
        got = getattr(self, field)
        return ChildSpecError(f"ChildSpec({self.id!r}): {field} takes {form}; got {got!r}")

    def __repr__(self) -> str:
        factory = getattr(self.factory, "__qualname__", repr(self.factory))
        others = [
            f"{field.name}={value}"
            for field in fields(ChildSpec)[2:]
            if (value := getattr(self, field.name)) != field.default
        ]
        return f"ChildSpec({', '.join((repr(self.id), factory, *others))})"


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != "" and "/" not in value


def _is_limit(value: object) -> bool:
    return isinstance(value, (int, float)) and value >= 0


def _is_decider(value: object, restart: Restart) -> bool:
    return isinstance(value, ActorRef) if restart is Restart.DELEGATED else value is None


def _is_capacity(value: object) -> bool:
    return value is None or (type(value) is int and value >= 1)
