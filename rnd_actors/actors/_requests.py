"""Requests: messages that want an answer, from the side of the actor that owes it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from attrs import frozen

from rnd_actors.actors._sleeper import Sleeper

__all__ = ["Asked", "Deferred", "Request", "RequestAmong"]

M_co = TypeVar("M_co", covariant=True)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class RequestAmong(Protocol[M_co, R_co]):
    """For type checkers: a request that is one of the messages `M` and wants an `R`."""

    def _among(self) -> tuple[M_co, R_co]: ...


@frozen
class Request(Generic[R]):
    """The base of messages that want an answer of type `R`.

    The actor answers with `self.reply(request, answer)`; `ref.ask(request)` returns the answer.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Request
        >>> @frozen
        ... class HowMany(Request[int]):
        ...     colour: str
        >>> HowMany("red")
        HowMany(colour='red')
    """

    if TYPE_CHECKING:

        def _among(self) -> tuple[Self, R]: ...


class Asked:
    """A request in a mailbox, together with its answer and those who wait for it."""

    __slots__ = ("_error", "_sleepers", "_value", "is_answered", "request")

    def __init__(self, request: RequestAmong[Any, Any]) -> None:
        self.request = request
        self.is_answered = False
        self._value: object = None
        self._error: BaseException | None = None
        self._sleepers: dict[Sleeper, None] = {}

    def answer(self, value: object) -> None:
        """Let the asker have this, unless it has an answer already."""
        if not self.is_answered:
            self._value = value
            self._settle()

    def fail(self, error: BaseException) -> None:
        """Let this be raised where the asker waits, unless it has an answer already."""
        if not self.is_answered:
            self._error = error
            self._settle()

    def wait_until(self, give_up_at: float | None) -> None:
        """Wait for the answer, at the longest until that moment of the monotonic clock."""
        sleeper, left = Sleeper(), None
        self._sleepers[sleeper] = None
        try:
            while not self.is_answered:
                now = time.monotonic()
                if give_up_at is not None:
                    left = give_up_at - now
                    if left <= 0:
                        break
                sleeper.sleep(now, left)
        finally:
            del self._sleepers[sleeper]

    def result(self) -> Any:
        """Return the answer, or raise it."""
        if self._error is not None:
            raise self._error
        return self._value

    def _settle(self) -> None:
        self.is_answered = True
        for sleeper in self._sleepers:
            sleeper.wake()


class Deferred(Generic[R]):
    """An answer that an actor owes and gives later; made by `self.defer(request)`.

    If the incarnation ends first, the asker gets an `ActorCrashedError`.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> class Lazy(Actor[Request[str]]):
        ...     def receive(self, message: Request[str]) -> None:
        ...         deferred = self.defer(message)
        ...         self.background(lambda: deferred.reply("at last"))
        >>> with ActorSystem() as system:
        ...     system.start(ChildSpec("lazy", Lazy)).ask(Request())
        'at last'
    """

    __slots__ = ("_asked", "_settled")

    def __init__(self, asked: Asked | None, settled: Callable[[Deferred[R]], None]) -> None:
        self._asked = asked
        self._settled = settled

    def reply(self, answer: R) -> None:
        """Answer now. Only the first answer counts."""
        if self._asked is not None:
            self._asked.answer(answer)
        self._settled(self)

    def reply_error(self, error: Exception) -> None:
        """Let the asker's `ask` raise `error`."""
        if self._asked is not None:
            self._asked.fail(error)
        self._settled(self)
