"""What virtual time does not have: all that the operating system would do."""

from typing import Any, Never

from rnd_actors.errors import NotSimulatedError

__all__ = ["NothingReal"]


class NothingReal:
    """The part of a loop's interface that leads to the operating system; it refuses all of it."""

    def __init__(self) -> None:
        self.refused: NotSimulatedError | None = None
        """The first refusal: a supervisor may have taken it for the crash of an actor."""

    def io(self, fd: int, events: int, **_: Any) -> Never:
        self._refuse("sockets and pipes", "put an actor or a SimulatedWorker in their place")

    def child(self, pid: int, **_: Any) -> Never:
        self._refuse("processes", "put a SimulatedWorker or another actor in their place")

    def install_sigchld(self) -> None:
        self.child(0)

    def async_(self, **_: Any) -> Never:
        self._refuse(
            "native threads, which look up host names, too",
            "put an actor in the place of what they do",
        )

    def fork(self, **_: Any) -> Never:
        self.async_()

    def signal(self, signum: int, **_: Any) -> Never:
        self._refuse("signals", "tell the actor what the signal would")

    def stat(self, path: str, **_: Any) -> Never:
        self._refuse("watchers of files", "tell the actor what they would")

    def _refuse(self, what: str, instead: str) -> Never:
        error = NotSimulatedError(f"virtual time has no {what}; {instead}")
        self.refused = self.refused or error
        raise error
