"""The ref: the address of an actor, and all that others hold of it."""

from __future__ import annotations

import time
from typing import Any, Generic, NoReturn, TypeVar

from attrs import frozen

from rnd_actors._printing import shown
from rnd_actors.actors._futures import Future
from rnd_actors.actors._incarnation import ExitReason, Normal
from rnd_actors.actors._loop import thread_id
from rnd_actors.actors._requests import (
    DEFAULT_TIMEOUT,
    Addressed,
    Asked,
    RequestAmong,
    Timeout,
    limit_of,
    require_other,
    wait_for,
)
from rnd_actors.errors import AskTimeoutError

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


@frozen
class ActorStats:
    """The work of an actor since its first start, over all its incarnations.

    Every message that was told is in one place:
    told = handled + failed + dead + refused + stashed + mailbox, and the one in hand, if any.
    """

    told: int
    handled: int
    failed: int
    """Messages on which the actor crashed or was killed."""
    dead: int
    """Dead letters: messages told after the end, left over at it, or not handled."""
    refused: int
    """Messages refused by the overflow policy of the mailbox."""
    stashed: int
    """Messages kept for later."""
    mailbox: int
    """Messages that wait."""
    busy_s: float
    """Seconds in which the actor did not wait for a message; 0.0 for one with a `run` of its own,
    of which nobody can tell."""


class ActorRef(Generic[M_contra]):
    """The address of an actor that accepts messages of type `M`; it outlives restarts.

    Refs come from `system.start(...)`, `actor.ref` and messages; they are equal if they lead to
    the same actor, and can be sent in messages. `tell` works in any thread, all else in that of the
    system. A ref leads into this process alone, so it cannot be pickled.

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

    __slots__ = ("__weakref__", "_cell")

    def __init__(self, cell: Addressed) -> None:
        self._cell = cell

    def tell(self, message: M_contra) -> None:
        """Send a message and go on; it waits only if a bounded mailbox with BLOCK is full.

        From another thread the message is handed over to that of the system, in order; if the
        mailbox is bounded, the thread waits until it is in there or refused.

        Raises:
            MailboxFullError: the mailbox is full and its policy is `Overflow.FAIL`.
        """
        cell = self._cell
        if thread_id() == cell.thread_id:
            put = cell.put  # CPython specializes calls of methods and of local names alone
            put(message)
        else:
            cell.put_from_thread(message)

    def ask(self, request: RequestAmong[M_contra, R], timeout: Timeout = DEFAULT_TIMEOUT) -> R:
        """Send a request and wait for its answer.

        Args:
            request: a message that the actor answers.
            timeout: seconds; None: as long as it takes; by default the `ask_timeout` of the class
                of the request: 5, and None for those to supervisors.

        Raises:
            ActorDeadError: the actor has stopped for good without handling the request.
            ActorCrashedError: the incarnation that was to answer has ended.
            AskTimeoutError: no answer came in time.
            SelfAskError: an actor asks itself, which could never be answered.
            DeadlockError: nothing is left in this thread that could ever answer.
            WrongThreadError: the system belongs to another thread.
            Exception: any error that the actor raised while it handled the request.
        """
        cell = self._cell
        require_other(cell)
        limit = limit_of(request, timeout)
        asked_at = time.monotonic()
        give_up_at = None if limit is None else asked_at + limit
        asked = self._send(request, limit)
        try:
            answer: R = asked.get_by(give_up_at, limit)
        finally:
            asked.give_up()
            if observers := cell.system.ask_observers:
                for observe in observers:
                    observe(cell.name, time.monotonic() - asked_at)
        return answer

    def ask_future(
        self, request: RequestAmong[M_contra, R], timeout: Timeout = DEFAULT_TIMEOUT
    ) -> Future[R]:
        """Send a request and go on; the future gives the answer later.

        A full mailbox with BLOCK is waited for, up to `timeout` seconds.

        Raises:
            AskTimeoutError: there was no room in the mailbox in time.
            WrongThreadError: the system belongs to another thread.
        """
        return Future(self._send(request, limit_of(request, timeout)))

    def stop(self) -> None:
        """Let the actor end after the message in hand; those that wait become dead letters.

        Its supervisor then follows its `ChildSpec`: a permanent child is started again.
        """
        self._cell.require_thread()
        self._cell.stop(Normal(), outlives_crash=True)

    def drain(self) -> None:
        """Let the actor end after the messages that wait now."""
        self._cell.require_thread()
        self._cell.drain(Normal(), outlives_crash=True)

    def kill(self) -> None:
        """Kill the actor where it waits, or at once if it has not begun; `on_stop` is called.

        Its supervisor takes that for a failure, as it takes a `gevent.kill` of its greenlet.
        """
        self._cell.require_thread()
        self._cell.kill()

    def join(self, timeout: float | None = None) -> ExitReason | None:
        """Wait until the actor has stopped for good; return why, or None if it has not in time.

        Raises:
            DeadlockError: nothing is left in this thread that could ever stop it.
            WrongThreadError: the system belongs to another thread.
        """
        cell = self._cell
        cell.require_thread()
        wait_for(f"the end of {self.name}", cell, cell.await_retirement, timeout)
        return cell.exit_reason

    def stats(self) -> ActorStats:
        """Return how many messages the actor was told, has handled and so on, and its busy time."""
        stats: ActorStats = self._cell.stats()
        return stats

    @property
    def name(self) -> str:
        """The path of ids that leads to the actor from the system, like `workers/3`."""
        return self._cell.name

    @property
    def is_alive(self) -> bool:
        """Whether the actor has not stopped for good; between two incarnations it is True."""
        return self._cell.exit_reason is None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActorRef) and other._cell is self._cell

    def __hash__(self) -> int:
        return hash(id(self._cell))

    def __repr__(self) -> str:
        return f"<ActorRef {self.name}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} leads to an actor of this process and cannot be pickled or copied; "
            f"send its name, and look it up with system.find({self.name!r})"
        )

    def _send(self, request: RequestAmong[Any, Any], limit: float | None) -> Asked:
        cell = self._cell
        cell.require_thread()
        asked = Asked(request, cell)
        if cell.put(asked, True, limit) is False:  # noqa: FBT003
            raise AskTimeoutError(
                f"the mailbox of {self.name} had no room for {shown(request)} within {limit:g} s; "
                f"it {cell.describe_work()}"
            )
        return asked


def post(ref: ActorRef[M], message: M) -> None:
    """Tell as the framework itself does: without a wait, whatever the capacity of the mailbox."""
    ref._cell.post(message)  # noqa: SLF001


@frozen
class Terminated:
    """The watched actor has stopped for good; this comes after all that it had sent."""

    ref: ActorRef[Any]
    reason: ExitReason


@frozen
class Restarted:
    """The actor that is watched with `restarts=True` is up again, as its n-th incarnation."""

    ref: ActorRef[Any]
    incarnation: int
