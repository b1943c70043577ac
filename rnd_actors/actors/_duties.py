"""What an incarnation has taken upon itself: the message in hand, and what it has yet to do."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from gevent import GreenletExit

from rnd_actors.actors._carrier import Carried
from rnd_actors.actors._events import MessageFailed
from rnd_actors.actors._requests import Asked, Deferred, Request
from rnd_actors.errors import (
    ActorCrashedError,
    ActorError,
    NotAnsweredError,
    StashFullError,
)

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["Duties"]


class Duties(Carried):
    """The entry in hand, which has to be accounted for; stashed entries; answers that are owed."""

    __slots__ = ("cell", "deferred", "in_hand", "stashed")

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.in_hand: Any = None
        """The entry that is being handled and still has to be accounted for."""
        self.deferred: dict[Deferred[Any], Asked | None] = {}
        self.stashed: deque[Any] | tuple[()] = ()

    def defer(self, request: Request[Any]) -> Deferred[Any]:
        """Take the answer to the request in hand upon the incarnation, for later."""
        asked = self.asked(request)
        deferred: Deferred[Any] = Deferred(asked, self._settle)
        self.deferred[deferred] = asked
        self._let_go()
        return deferred

    def forward(self, request: Request[Any], other: Cell) -> None:
        """Hand the request in hand on, with the duty to answer."""
        other.door.put(self.asked(request) or request)
        self._let_go()

    def stash(self, capacity: int) -> None:
        """Keep the entry in hand for later."""
        if self.in_hand is None:
            raise ActorError("stash() keeps the message that is being handled; there is none")
        if len(self.stashed) >= capacity:
            raise StashFullError(
                f"{self.cell.name} has stashed its {capacity} messages already; "
                "unstash them, or raise its stash_capacity"
            )
        if not self.stashed:
            self.stashed = deque()
        self.stashed.append(self.in_hand)
        self.in_hand = None

    def unstash(self) -> None:
        """Put what was stashed first before all that waits."""
        if self.stashed:
            self.cell.mailbox.put_back([self.stashed.popleft()])

    def unstash_all(self) -> None:
        """Put what was stashed before all that waits."""
        if self.stashed:
            self.cell.mailbox.put_back(self.stashed)
            self.stashed = ()

    def unhandled(self, message: object) -> None:
        """Account for the message in hand, which the actor has no case for."""
        entry = self.in_hand
        if (entry.request if isinstance(entry, Asked) else entry) is not message:
            raise ActorError(
                f"unhandled() takes the message that is being handled; got {message!r}"
            )
        self.in_hand = None
        self.cell.not_handled(entry)

    def discard(self, why: str) -> None:
        """Make a dead letter of the message in hand."""
        entry, self.in_hand = self.in_hand, None
        self.cell.make_dead_letter(entry, why)

    def asked(self, request: Request[Any]) -> Asked | None:
        """Return the envelope of the request in hand; None if it was told, not asked."""
        in_hand = self.in_hand
        if isinstance(in_hand, Asked) and in_hand.request is request:
            return in_hand
        if in_hand is request:
            return None
        raise ActorError(f"only the request that is being handled can be answered; got {request!r}")

    def owe_nothing(self, why: str) -> None:
        """Let those who wait for a deferred answer know that none will come."""
        for asked in filter(None, self.deferred.values()):
            asked.fail(
                ActorCrashedError(
                    f"{self.cell.name} ended ({why}) and still owed {asked.request!r} an answer"
                )
            )

    def fail(self, message: object, error: BaseException) -> None:
        """Account for the entry in hand, on which the incarnation ends."""
        entry, self.in_hand = self.in_hand, None
        if entry is not None:
            self.cell.failed += 1
        if isinstance(entry, Asked):
            killed = ActorCrashedError(f"{self.cell.name} was killed while it handled {message!r}")
            entry.fail(killed if isinstance(error, GreenletExit) else error)
        self.cell.system.events.publish(MessageFailed(self.cell.name, message, error))

    def demand_answer(self, asked: Asked) -> None:
        """Tell who has asked for it that the request was handled without an answer."""
        asked.fail(
            NotAnsweredError(
                f"{self.cell.name} handled {asked.request!r} without an answer; its receive() "
                "has to call self.reply(request, answer), defer(request) or forward(request)"
            )
        )

    def _let_go(self) -> None:
        """Count the entry in hand as handled: what is left to do for it is not its duty."""
        self.in_hand = None
        self.cell.handled += 1

    def _settle(self, deferred: Deferred[Any]) -> None:
        self.deferred.pop(deferred, None)
