"""Futures: answers that are waited for later, and what is made of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from rnd_actors._validators import accepts, optional, require, whole_number
from rnd_actors.actors._requests import (
    DEFAULT_TIMEOUT,
    Asked,
    Timeout,
    limit_of,
    require_other,
)

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")


class Future(Generic[R_co]):
    """The answer to a request that was sent with `ref.ask_future(request)`."""

    __slots__ = ("_asked",)

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    @property
    def is_ready(self) -> bool:
        """Whether `get` returns or raises at once."""
        return self._asked.is_answered

    def get(self, timeout: Timeout = DEFAULT_TIMEOUT) -> R_co:
        """Wait for the answer and return it.

        Args:
            timeout: the same as for `ActorRef.ask`.

        Raises:
            Exception: the same errors as `ActorRef.ask`.
        """
        limit = limit_of(self._asked.request, timeout)
        return self.get_by(None if limit is None else time.monotonic() + limit, limit)

    def get_by(self, give_up_at: float | None, limit: float | None) -> R_co:
        """Wait for the answer until `give_up_at` (monotonic seconds), `limit` seconds in all."""
        receiver = self._asked.receiver
        receiver.require_thread()
        if not self._asked.is_answered:
            require_other(receiver)
        answer: R_co = self._asked.get_by(give_up_at, limit)
        return answer

    def map(self, function: Callable[[R_co], S]) -> Future[S]:
        """Return a future of `function(answer)`; each `get` calls the function, where it waits."""
        return _Mapped(self._asked, lambda until, limit: function(self.get_by(until, limit)))

    def recover(self, function: Callable[[Exception], S]) -> Future[R_co | S]:
        """Return a future of the answer, or of `function(error)` if `get` would raise an error."""

        def recovered(give_up_at: float | None, limit: float | None) -> R_co | S:
            try:
                return self.get_by(give_up_at, limit)
            except Exception as error:  # noqa: BLE001
                return function(error)

        return _Mapped(self._asked, recovered)

    def __str__(self) -> str:
        return str(self._asked)


class _Mapped(Future[R_co]):
    """A future of what a function makes of the answer of another one."""

    __slots__ = ("_get_by",)

    def __init__(self, asked: Asked, get_by: Callable[[float | None, float | None], R_co]) -> None:
        super().__init__(asked)
        self._get_by = get_by

    def get_by(self, give_up_at: float | None, limit: float | None) -> R_co:
        return self._get_by(give_up_at, limit)


_is_future = accepts("futures, as ask_future returns them", lambda x: isinstance(x, Future))


def gather(
    futures: Iterable[Future[R]], timeout: float | None = 5.0, *, max_running: int | None = None
) -> list[R]:
    """Wait up to `timeout` seconds for all answers together and return them in the same order.

    With `max_running`, the next future is taken from `futures`, a generator for example, only when
    fewer than so many answers are waited for: `gather((ref.ask_future(x) for x in many), 60.0,
    max_running=10)` never asks more at a time.

    Raises:
        AskTimeoutError: one of them did not come in time.
        SettingsError: `max_running` is less than 1.
        Exception: the error of the first future, in order, that has one.
    """
    require(optional(whole_number(1)), "max_running", max_running)
    give_up_at = None if timeout is None else time.monotonic() + timeout
    waiting = deque[Future[R]]()
    answers: list[R] = []
    for future in futures:
        require(_is_future, "gather() futures", future)
        waiting.append(future)
        if len(waiting) == max_running:
            answers.append(waiting.popleft().get_by(give_up_at, timeout))
    return answers + [future.get_by(give_up_at, timeout) for future in waiting]
