"""Messages that want an answer, and the envelope in which they travel."""

from typing import Any, Generic, TypeVar

from attrs import frozen
from gevent.event import AsyncResult

__all__ = ["Asked", "Request"]

R = TypeVar("R")


@frozen
class Request(Generic[R]):
    """The base of messages that want an answer of type `R`.

    The actor answers with `self.reply(request, answer)`; `ref.ask(request)` returns the answer.

    Example:
        >>> from attrs import frozen
        >>> @frozen
        ... class HowMany(Request[int]):
        ...     colour: str
        >>> HowMany("red")
        HowMany(colour='red')
    """


class Asked:
    """A request in a mailbox, together with the place where its asker waits."""

    __slots__ = ("reply", "request")

    def __init__(self, request: Request[Any]) -> None:
        self.request = request
        self.reply: Any = AsyncResult()

    def answer(self, value: object) -> None:
        self.reply.set(value)

    def fail(self, error: BaseException) -> None:
        if not self.reply.ready():
            self.reply.set_exception(error, (type(error), error, error.__traceback__))
