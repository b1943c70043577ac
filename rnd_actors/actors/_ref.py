"""The ref: all that others hold of an actor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

from rnd_actors.actors._exits import ExitReason, Normal
from rnd_actors.actors._future import Future
from rnd_actors.actors._requests import Asked, RequestAmong
from rnd_actors.actors._thread import thread_id
from rnd_actors.actors._waiting import require_other, waiting_for
from rnd_actors.errors import AskTimeoutError

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell
    from rnd_actors.actors._figures import Figures

__all__ = ["ActorRef", "post"]

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


class ActorRef(Generic[M_contra]):
    """The address of an actor that accepts messages of type `M`; it outlives restarts.

    Refs come from `system.start(...)`, `actor.ref` and messages; they are equal if they lead to
    the same actor, and can be sent in messages. They work in the thread of their system.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Restart
        >>> class Printer(Actor[str]):
        ...     def receive(self, message: str) -> None:
        ...         print(message)
        >>> with ActorSystem() as system:
        ...     printer = system.start(ChildSpec("printer", Printer, restart=Restart.TRANSIENT))
        ...     printer.tell("one")
        ...     printer.tell("two")
        ...     printer.drain()
        ...     printer.join()
        one
        two
        Normal()
    """

    __slots__ = ("_cell",)

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def tell(self, message: M_contra) -> None:
        """Send a message and go on; it waits only if a bounded mailbox with BLOCK is full.

        Raises:
            MailboxFullError: the mailbox is full and its policy is `Overflow.FAIL`.
            WrongThreadError: the system belongs to another thread.
        """
        cell = self._cell
        if thread_id() != cell.system.thread_id:
            cell.require_thread()
        cell.door.put(message)

    def ask(self, request: RequestAmong[M_contra, R], timeout: float | None = 5.0) -> R:
        """Send a request and wait up to `timeout` seconds (None: for ever) for its answer.

        Raises:
            ActorDeadError: the actor has stopped for good without handling the request.
            ActorCrashedError: the incarnation that was to answer has ended.
            AskTimeoutError: no answer came in time.
            SelfAskError: an actor asks itself, which could never be answered.
            DeadlockError: nothing is left in this thread that could ever answer.
            Exception: whatever the actor raised while it handled the request.
        """
        require_other(self._cell)
        give_up_at = None if timeout is None else time.monotonic() + timeout
        return self.ask_future(request, timeout).get_by(give_up_at, timeout)

    def ask_future(
        self, request: RequestAmong[M_contra, R], timeout: float | None = 5.0
    ) -> Future[R]:
        """Send a request and go on; the future gives the answer later.

        A full mailbox with BLOCK is waited for, up to `timeout` seconds.

        Raises:
            AskTimeoutError: there was no room in the mailbox in time.
        """
        cell = self._cell
        cell.require_thread()
        asked = Asked(request)
        future: Future[R] = Future(asked, cell)
        if not cell.door.put(asked, timeout):
            raise AskTimeoutError(
                f"the mailbox of {self.name} had no room for {request!r} within {timeout:g} s; "
                f"it {cell.describe_work()}"
            )
        return future

    def stop(self) -> None:
        """Let the actor end after the message it is handling; what waits becomes dead letters.

        Its supervisor then does what its `ChildSpec` says: a permanent child is started again.
        """
        self._cell.require_thread()
        self._cell.stop(Normal(), lasts=True)

    def drain(self) -> None:
        """Let the actor end after the messages that wait already."""
        self._cell.require_thread()
        self._cell.drain(Normal(), lasts=True)

    def join(self, timeout: float | None = None) -> ExitReason | None:
        """Wait until the actor has stopped for good; return why, or None if it has not in time.

        Raises:
            DeadlockError: nothing is left in this thread that could ever stop it.
        """
        self._cell.require_thread()
        with waiting_for(f"the end of {self.name}", of=self._cell):
            self._cell.await_retirement(timeout)
        return self._cell.exit_reason

    def figures(self) -> Figures:
        """Return how many messages it was told, has handled and so on, and how busy it was."""
        return self._cell.figures()

    @property
    def name(self) -> str:
        """The path of ids that leads to the actor from the system, such as `workers/3`."""
        return self._cell.name

    @property
    def is_alive(self) -> bool:
        """False once the actor has stopped for good; between two incarnations it is True."""
        return self._cell.exit_reason is None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActorRef) and other._cell is self._cell

    def __hash__(self) -> int:
        return hash(id(self._cell))

    def __repr__(self) -> str:
        return f"<ActorRef {self.name}>"


def post(ref: ActorRef[M], message: M) -> None:
    """Tell on behalf of the framework itself: never waits, never refused for want of room."""
    ref._cell.door.put_forced(message)  # noqa: SLF001
