"""An actor that records what it is told, for tests to wait on."""

from typing import Any, TypeVar

from gevent.queue import Queue

from rnd_actors.actors import Actor, ActorRef, ActorSystem, ChildSpec, Restart

T = TypeVar("T")

PATIENCE_S = 20.0


class Probe:
    """Stands for an actor; what the actor is told waits here, in order."""

    def __init__(self, system: ActorSystem, name: str = "probe") -> None:
        self._told: Queue[Any] = Queue()
        self.ref: ActorRef[Any] = system.start(
            ChildSpec(name, lambda: _Recorder(self._told), restart=Restart.TEMPORARY)
        )

    def expect(self, kind: type[T]) -> T:
        """Return the next message, which must be of this type."""
        message = self._told.get(timeout=PATIENCE_S)
        assert isinstance(message, kind), f"expected {kind.__name__}, got {message!r}"
        return message

    def fish_for(self, kind: type[T]) -> tuple[T, list[Any]]:
        """Return the next message of this type, and those of other types before it."""
        others = []
        while not isinstance(message := self._told.get(timeout=PATIENCE_S), kind):
            others.append(message)
        return message, others

    def told(self) -> list[Any]:
        """Return what has been told and not been looked at yet, without waiting."""
        return [self._told.get_nowait() for _ in range(self._told.qsize())]


class _Recorder(Actor[Any]):
    def __init__(self, told: "Queue[Any]") -> None:
        self._record = told.put

    def receive(self, message: Any) -> None:
        self._record(message)
