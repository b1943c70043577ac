"""The ref: all that others hold of an actor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

from gevent import getcurrent

from rnd_actors.actors._exits import ExitReason, Normal
from rnd_actors.actors._requests import Asked, Request
from rnd_actors.errors import ActorError, AskTimeoutError

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["ActorRef", "post"]

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


class ActorRef(Generic[M_contra]):
    """The address of an actor that accepts messages of type `M`; it outlives restarts.

    Refs come from `system.start(...)`, `actor.ref` and messages; they are equal if they lead to
    the same actor, and can be sent in messages.
    """

    __slots__ = ("_cell",)

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def tell(self, message: M_contra) -> None:
        """Send a message and go on; it waits only if a bounded mailbox with BLOCK is full.

        Raises:
            MailboxFullError: the mailbox is full and its policy is `Overflow.FAIL`.
        """
        self._cell.mailbox.put(message)

    def ask(self, request: Request[R], timeout: float | None = 5.0) -> R:
        """Send a request and wait up to `timeout` seconds (None: for ever) for its answer.

        Raises:
            ActorDeadError: the actor has stopped, or stops for good before it answers.
            ActorCrashedError: the actor ended in the middle of this request.
            AskTimeoutError: no answer came in time.
            ActorError: an actor asks itself, which could never be answered.
            Exception: whatever the actor raised while it handled the request.
        """
        if self._cell.greenlet is getcurrent():
            raise ActorError(f"{self.name} asks itself: it would wait for its own answer for ever")
        asked = Asked(request)
        give_up_at = None if timeout is None else time.monotonic() + timeout
        if self._cell.mailbox.put(asked, timeout):
            asked.reply.wait(None if give_up_at is None else max(0, give_up_at - time.monotonic()))
        if not asked.reply.ready():
            raise AskTimeoutError(f"{self.name} did not answer {request!r} within {timeout:g} s")
        answer: R = asked.reply.get()
        return answer

    def stop(self) -> None:
        """Let the actor end after the message it is handling; what waits becomes dead letters."""
        self._cell.stop(Normal())

    def join(self, timeout: float | None = None) -> ExitReason | None:
        """Wait until the actor has stopped for good; return why, or None if it has not in time."""
        self._cell.terminated.wait(timeout)
        return self._cell.exit_reason

    @property
    def name(self) -> str:
        """The path of ids that leads to the actor from the system, such as `workers/worker-3`."""
        return self._cell.name

    @property
    def is_alive(self) -> bool:
        """False once the actor has stopped for good; between two incarnations it is True."""
        return not self._cell.terminated.is_set()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActorRef) and other._cell is self._cell

    def __hash__(self) -> int:
        return hash(id(self._cell))

    def __repr__(self) -> str:
        return f"<ActorRef {self.name}>"


def post(ref: ActorRef[M], message: M) -> None:
    """Tell on behalf of the framework itself: never waits, never refused for want of room."""
    ref._cell.mailbox.put_forced(message)  # noqa: SLF001
