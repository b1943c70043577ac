"""The message in hand: what may become of it, now or later, and that each is accounted for."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from attrs import define
from gevent import GreenletExit

from rnd_actors.actors._cell import Cell, message_of
from rnd_actors.actors._events import MessageFailed
from rnd_actors.actors._exits import ExitReason, Killed, shown
from rnd_actors.actors._loop import SYSTEM_ERRORS
from rnd_actors.actors._ref import Addressed
from rnd_actors.actors._requests import Asked, Deferred, Request
from rnd_actors.errors import (
    ActorCrashedError,
    ActorError,
    NotAnsweredError,
    StashFullError,
)

NOTHING: Final = object()
"""In hand while no entry is, since a message may be None."""


@define(eq=False)
class Handling:
    """What one incarnation has taken from its mailbox and still has to account for.

    That is the entry in hand, those that were stashed, and the answers that were deferred.
    """

    cell: Cell
    in_hand: object = NOTHING
    stashed: deque[object] | tuple[()] = ()
    _deferred: dict[Deferred[Any], Asked] | None = None

    def is_busy(self) -> bool:
        """Whether there is an entry in hand."""
        return self.in_hand is not NOTHING

    def finish(self) -> None:
        """Account for the entry in hand, which has been handled; a request must be answered."""
        entry = self.in_hand
        if entry is not NOTHING:
            self.in_hand = NOTHING
            self.cell.handled += 1
            if type(entry) is Asked and not entry.is_answered:
                entry.fail(
                    NotAnsweredError(
                        f"{self.cell.name} handled {shown(entry.request)} without an answer; its "
                        "receive() has to call self.reply(request, answer), defer(request) or "
                        "forward(request)"
                    )
                )

    def asked(self, request: Request[Any]) -> Asked | None:
        """Return the envelope of the request in hand; None if it was told, not asked."""
        in_hand = self.in_hand
        if type(in_hand) is Asked and in_hand.request is request:
            return in_hand
        if in_hand is request:
            return None
        raise ActorError(
            f"only the request that is being handled can be answered; got {shown(request)}"
        )

    def defer(self, request: Request[Any]) -> Deferred[Any]:
        """Take the answer to the request in hand upon the incarnation, for later."""
        asked = self.asked(request)
        if self._deferred is None:
            self._deferred = {}
        owed = self._deferred
        deferred: Deferred[Any] = Deferred(asked, lambda settled: owed.pop(settled, None))
        if asked is not None and not asked.is_given_up:
            owed[deferred] = asked
        self._let_go()
        return deferred

    def forward(self, request: Request[Any], other: Addressed) -> None:
        """Hand the request in hand on, with the duty to answer."""
        other.put(self.asked(request) or request)
        self._let_go()

    def stash(self, capacity: int) -> None:
        """Keep the entry in hand for later."""
        if self.in_hand is NOTHING:
            raise ActorError("stash() keeps the message that is being handled; there is none")
        if len(self.stashed) >= capacity:
            raise StashFullError(
                f"{self.cell.name} has stashed its {capacity} messages already; "
                "unstash them, or raise its stash_capacity"
            )
        if not self.stashed:
            self.stashed = deque()
        self.stashed.append(self.in_hand)
        self.in_hand = NOTHING

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
        if entry is NOTHING or message_of(entry) is not message:
            raise ActorError(
                f"unhandled() takes the message that is being handled; got {shown(message)}"
            )
        self.in_hand = NOTHING
        self.cell.not_handled(entry)

    def discard(self, why: str) -> None:
        """Make a dead letter of the message in hand."""
        entry, self.in_hand = self.in_hand, NOTHING
        self.cell.make_dead_letter(entry, why)

    def fail(self, message: object, error: BaseException) -> None:
        """Account for the entry in hand, on which the incarnation ends."""
        entry, self.in_hand = self.in_hand, NOTHING
        if entry is NOTHING:
            return  # it was stashed, deferred or forwarded before
        self.cell.failed += 1
        if type(entry) is Asked:
            killed = f"{self.cell.name} was killed while it handled {shown(message)}"
            is_own = not isinstance(error, (GreenletExit, *SYSTEM_ERRORS))
            entry.fail(error if is_own else ActorCrashedError(killed))
        self.cell.system.events.publish(MessageFailed(self.cell.name, message, error))

    def abandon(self) -> None:
        """Account for all that is left: the incarnation does not end, and is left behind."""
        if self.is_busy():
            self.fail(message_of(self.in_hand), GreenletExit())
        self.unstash_all()
        self.owe_nothing(Killed())

    def owe_nothing(self, reason: ExitReason) -> None:
        """Tell those who wait for a deferred answer that none will come."""
        for asked in tuple((self._deferred or {}).values()):
            asked.fail(
                ActorCrashedError(
                    f"{self.cell.name} ended ({reason}) and still owed {shown(asked.request)} "
                    "an answer"
                )
            )

    def _let_go(self) -> None:
        """Count the entry in hand as handled: what is left to do for it is not its duty."""
        self.in_hand = NOTHING
        self.cell.handled += 1
