"""Answers that are on their way, from the side of the asker."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from rnd_actors.actors._requests import Asked
from rnd_actors.actors._waiting import require_other, waiting_for
from rnd_actors.errors import AskTimeoutError

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["Future", "gather"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Future(Generic[R_co]):
    """The answer to a request that was sent with `ref.ask_future(request)`.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> class Greeter(Actor[Request[str]]):
        ...     def receive(self, message: Request[str]) -> None:
        ...         self.reply(message, "hello")
        >>> with ActorSystem() as system:
        ...     future = system.start(ChildSpec("greeter", Greeter)).ask_future(Request())
        ...     future.is_ready, future.get()
        (False, 'hello')
    """

    __slots__ = ("_asked", "_cell")

    def __init__(self, asked: Asked, cell: Cell) -> None:
        self._asked = asked
        self._cell = cell

    @property
    def is_ready(self) -> bool:
        """Whether `get` returns or raises at once."""
        return self._asked.is_answered

    def get(self, timeout: float | None = 5.0) -> R_co:
        """Wait up to `timeout` seconds (None: for ever) and return the answer.

        Raises:
            ActorDeadError: the actor has stopped for good without handling the request.
            ActorCrashedError: the incarnation that was to answer has ended.
            AskTimeoutError: no answer came in time.
            SelfAskError: an actor waits for an answer of its own.
            DeadlockError: nothing is left in this thread that could ever answer.
            Exception: whatever the actor raised while it handled the request.
        """
        return self.get_by(None if timeout is None else time.monotonic() + timeout, timeout)

    def get_by(self, give_up_at: float | None, limit: float | None) -> R_co:
        """Wait until `give_up_at` (monotonic seconds) for what was to come within `limit`."""
        asked = self._asked
        if not asked.is_answered:
            require_other(self._cell)
            with waiting_for(self, of=self._cell):
                asked.wait_until(give_up_at)
            if not asked.is_answered:
                raise AskTimeoutError(
                    f"{self._cell.name} did not answer {asked.request!r} within {limit:g} s; "
                    f"it {self._cell.describe_work()}"
                )
        answer: R_co = asked.result()
        return answer

    def __str__(self) -> str:
        return f"the answer of {self._cell.name} to {self._asked.request!r}"


def gather(futures: Iterable[Future[R]], timeout: float | None = 5.0) -> list[R]:
    """Wait up to `timeout` seconds for all answers together and return them in the same order.

    Raises:
        AskTimeoutError: one of them did not come in time.
        Exception: the error of the first future, in order, that has one.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request, gather
        >>> @frozen
        ... class Square(Request[int]):
        ...     of: int
        >>> class Squarer(Actor[Square]):
        ...     def receive(self, message: Square) -> None:
        ...         self.reply(message, message.of ** 2)
        >>> with ActorSystem() as system:
        ...     squarer = system.start(ChildSpec("squarer", Squarer))
        ...     gather([squarer.ask_future(Square(n)) for n in range(5)])
        [0, 1, 4, 9, 16]
    """
    give_up_at = None if timeout is None else time.monotonic() + timeout
    return [future.get_by(give_up_at, timeout) for future in futures]
