"""The probe: an actor that a test holds in its hand."""

from typing import Any, TypeVar

from rnd_actors.actors import Actor, ActorRef, ActorSystem, ChildSpec, Deferred, Request, Restart
from rnd_actors.testing._awaited import Awaited

__all__ = ["Probe"]

T = TypeVar("T")
R = TypeVar("R")


class Probe:
    """Stands in the place of an actor; what that is told waits here until the test expects it.

    Args:
        system: where the probe lives.
        name: the id of its actor.
        timeout: seconds that `expect` and `fish_for` wait before they fail.

    Example:
        >>> from rnd_actors import ActorSystem
        >>> from rnd_actors.testing import Probe
        >>> with ActorSystem() as system:
        ...     probe = Probe(system)
        ...     for message in ("hello", 1, 2):
        ...         probe.ref.tell(message)
        ...     probe.expect(str), probe.fish_for(int)
        ('hello', 1)
    """

    def __init__(self, system: ActorSystem, name: str = "probe", timeout: float = 5.0) -> None:
        self._told = Awaited("message", timeout)
        self._owed: dict[int, Deferred[Any]] = {}
        self.ref: ActorRef[Any] = system.start(
            ChildSpec(name, lambda: _Recorder(self._told, self._owed), restart=Restart.TEMPORARY)
        )

    @property
    def seen(self) -> list[Any]:
        """All messages that the test has looked at, also those that were passed over."""
        return self._told.seen

    def expect(self, kind: type[T]) -> T:
        """Return the next message, which must be of this type; AssertionError otherwise."""
        return self._told.expect(kind)

    def fish_for(self, kind: type[T]) -> T:
        """Return the next message of this type; others before it are passed over."""
        return self._told.fish_for(kind)

    def expect_none(self, within: float = 0.05) -> None:
        """Fail if a message comes within so many seconds."""
        self._told.expect_none(within)

    def reply(self, request: Request[R], answer: R) -> None:
        """Answer a request that was expected before."""
        self._owed.pop(id(request)).reply(answer)


class _Recorder(Actor[Any]):
    def __init__(self, told: Awaited, owed: dict[int, Deferred[Any]]) -> None:
        self._told = told
        self._owed = owed

    def receive(self, message: Any) -> None:
        if isinstance(message, Request):
            self._owed[id(message)] = self.defer(message)
        self._told.add(message)
