"""The greenlet of an actor: one incarnation, from its construction to its `on_stop`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Final

import gevent
from gevent import GreenletExit

from rnd_actors._printing import shown
from rnd_actors.actors._cell import Cell, message_of
from rnd_actors.actors._events import ActorFailed, ActorStarted, ActorStopped, ActorStuck
from rnd_actors.actors._handling import NOTHING, Handling
from rnd_actors.actors._incarnation import (
    FAILURES,
    Call,
    Crashed,
    ExitReason,
    Fail,
    Killed,
    Normal,
    Piped,
    Rang,
    Signal,
    Stop,
    Suspend,
    Unsuspend,
    is_signal,
)
from rnd_actors.actors._loop import SYSTEM_ERRORS, raise_in_main
from rnd_actors.actors._owned import Owned, OwnedGreenlet
from rnd_actors.errors import ChildSpecError


class _Interrupted(GreenletExit):
    """Raised in `run()` where it waits, to end it."""

    def __init__(self, reason: ExitReason) -> None:
        super().__init__()
        self.reason = reason


_CLOCK_EVERY: Final = 3
"""Messages from one look at the clock to the next, which costs as much as a message."""


class ActorGreenlet(OwnedGreenlet):
    """Makes a fresh instance of the user's actor and calls its hooks, one after the other.

    Whatever ends it, it reports that to its cell, even if it is killed before it has begun.
    """

    __slots__ = ("_owned", "actor", "handling", "number")

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.gr_context = copy_context()
        self.cell: Cell = cell
        self.actor: Any = None
        self.handling = Handling(cell)
        self._owned: Owned | None = None
        cell.begin(self)
        self.number = cell.incarnation
        self.rawlink(ActorGreenlet.report_end)
        self.start()

    # --- its life

    def _run(self) -> None:
        try:
            self._begin()
            reason = self._work()
        except _Interrupted as interruption:
            reason = interruption.reason
        except BaseException as error:  # noqa: BLE001
            reason = self._reason_of(error)
        if self.actor is not None:
            reason = self._wind_down(reason)
        self._report(reason)

    def _begin(self) -> None:
        cell = self.cell
        actor = cell.make_actor()
        if not hasattr(type(actor), "_has_own_work") or actor._greenlet is not None:  # noqa: SLF001
            raise ChildSpecError(
                f"the factory of {cell.name} must make a fresh Actor each time; "
                f"it made {shown(actor)}"
            )
        self.actor = actor
        actor._greenlet = self  # noqa: SLF001
        actor.on_start()
        if cell.greenlet is not self:
            raise GreenletExit  # it was stuck, and has been replaced meanwhile
        cell.system.events.publish(ActorStarted(cell.name, self.number))
        cell.signal_ready()

    def _work(self) -> ExitReason:
        actor = self.actor
        if not actor._has_own_work:  # noqa: SLF001
            return self._serve(actor)
        mailbox = self.cell.mailbox
        try:
            self._look_at_what_came()
            return Normal(actor.run())
        finally:
            if self.cell.greenlet is self:  # or else another one listens by now
                mailbox.ignore()

    def _serve(self, actor: Any) -> ExitReason:  # noqa: C901, PLR0912  # each call would cost
        """Handle one message after the other; return the reason to end."""
        cell, mailbox, handling = self.cell, self.cell.mailbox, self.handling
        loop_turn = cell.system.loop_turn
        receive, known, switch = self._handler(), actor._acceptance.known, self.switch  # noqa: SLF001
        entries, now, nothing = mailbox.queue, time.monotonic, NOTHING
        take = entries.popleft if mailbox.maxsize is None else mailbox.take_entry
        count = 0
        while True:
            if mailbox.signals:
                if (reason := self._obey(mailbox.signals.popleft())) is not None:
                    return reason
                receive = self._handler()
                continue
            if not entries:
                mailbox.wait(switch)
                continue
            entry = take()
            if type(entry) in known:  # `__class__` may be a property that raises
                handling.in_hand = entry
                try:
                    receive(entry)
                except BaseException as error:
                    handling.fail(entry, error)
                    raise
                if handling.in_hand is entry:
                    handling.in_hand = nothing
                    cell.handled += 1
                elif cell.greenlet is not self:
                    return Killed()  # it was stuck, and has been replaced meanwhile
            elif not is_signal(entry):
                self._handle(entry, receive)
                if cell.greenlet is not self:
                    return Killed()
            else:
                mailbox.marks -= 1
                if (reason := self._obey(entry)) is not None:
                    return reason
            count += 1
            if count > _CLOCK_EVERY:
                count = 0
                if entries and now() > loop_turn.due:
                    gevent.sleep(0)

    def _handle(self, entry: Any, receive: Callable[[Any], object]) -> None:
        """Handle a request that was asked, or a message of a class that has not come before."""
        handling, message = self.handling, message_of(entry)
        handling.in_hand = entry
        accepts = self.actor._acceptance  # noqa: SLF001
        try:
            if type(message) in accepts.known or accepts(message):
                receive(message)
            else:
                self._wrapped(handling.unhandled)(message)
        except BaseException as error:
            handling.fail(message, error)
            raise
        handling.finish()

    def _handler(self) -> Callable[[Any], object]:
        """Return what handles the messages: `receive`, or what the actor has become."""
        became = self.actor._became  # noqa: SLF001
        return self._wrapped(self.actor.receive if became is None else became)

    def _wrapped(self, handler: Callable[[Any], object]) -> Callable[[Any], object]:
        for wrap in self.actor._wrappers:  # noqa: SLF001
            handler = wrap(handler)
        return handler

    def _be_told(self, message: object) -> None:
        """Handle a message that does not stand in the mailbox itself."""
        self.cell.mailbox.told += 1
        if self.actor._has_own_work:  # noqa: SLF001
            self.cell.not_handled(message)
        else:
            self._handle(message, self._handler())
            if self.cell.greenlet is not self:
                raise GreenletExit  # it was stuck, and has been replaced meanwhile

    def _obey(self, signal: Signal) -> ExitReason | None:
        """Obey a signal; return the reason to end, if it is a `Stop`."""
        if isinstance(signal, Stop):
            return signal.reason
        if isinstance(signal, Fail):
            raise signal.error
        if isinstance(signal, Rang):
            if self.owned.take(signal):
                self._be_told(signal.message)
            return None
        if isinstance(signal, Piped):
            self._be_told(signal.message)
            return None
        if isinstance(signal, Suspend):
            return self._be_suspended(signal)
        if isinstance(signal, Call):
            signal.function(self.actor)
            return None
        self.actor._on_signal(signal)  # noqa: SLF001
        return None

    def _be_suspended(self, suspend: Suspend) -> ExitReason | None:
        """Handle nothing, not even news of children, until `Unsuspend`, an end or a drain."""
        cell, mailbox = self.cell, self.cell.mailbox
        if self.actor._has_own_work or mailbox.is_draining():  # noqa: SLF001
            return None
        held: list[Signal] = []
        self.actor._is_suspended = True  # noqa: SLF001
        try:
            while True:
                cell.waits_for = suspend  # again, if a call has waited
                mailbox.wait_for_signal(self.switch)
                signal = mailbox.take()
                if isinstance(signal, Unsuspend):
                    mailbox.put_signals_back(held)
                    return None
                if isinstance(signal, (Stop, Fail, Call)):
                    if (reason := self._obey(signal)) is not None:
                        return reason
                elif not isinstance(signal, Suspend):
                    held.append(signal)
        finally:
            cell.waits_for = None
            self.actor._is_suspended = False  # noqa: SLF001

    def _attend(self) -> None:
        """Interrupt `run()` if that has to end; the loop calls this when an entry has come."""
        try:
            self._look_at_what_came()
        except BaseException as interruption:  # noqa: BLE001
            self.cell.mailbox.ignore()
            self.throw(interruption)

    def _look_at_what_came(self) -> None:
        """Raise an error if a signal ends `run()`; account for messages, which it leaves."""
        mailbox = self.cell.mailbox
        mailbox.listener = self._attend
        while mailbox.signals or mailbox.queue:
            entry = mailbox.take()
            if not is_signal(entry):
                self.cell.not_handled(entry)
            elif (reason := self._obey(entry)) is not None:
                raise _Interrupted(reason)

    # --- its end

    def _wind_down(self, reason: ExitReason) -> ExitReason:
        """End all that the incarnation owns, before and after `on_stop`; return why it ended."""
        self.handling.unstash_all()
        reason = self._after(reason, self._end_owned)
        reason = self._after(reason, self.actor.on_stop, reason)
        reason = self._after(reason, self._end_owned_for_good)
        self.handling.owe_nothing(reason)
        return reason

    def _end_owned(self) -> int:
        return 0 if self._owned is None else self._owned.end()

    def _end_owned_for_good(self) -> None:
        """End all that `on_stop` has begun; publish how many greenlets do not end at all."""
        if left := self._end_owned():
            self.cell.system.events.publish(ActorStuck(self.cell.name, background=left))

    def _after(self, reason: ExitReason, step: Callable[..., object], *args: object) -> ExitReason:
        """Take a step of winding down; a kill or an error ends just that step.

        The reason is then that error, unless the incarnation had crashed before.
        """
        try:
            step(*args)
        except BaseException as error:  # noqa: BLE001
            if not isinstance(reason, Crashed):
                return self._reason_of(error)
            with suppress(Exception):  # an error may be frozen
                reason.error.add_note(f"while it wound down, too: {shown(error)}")
        return reason

    def _reason_of(self, error: BaseException) -> ExitReason:
        if isinstance(error, SYSTEM_ERRORS):
            self.cell.healthy = True  # it is not to blame for the end of the program
            raise_in_main(error)
            return Killed()
        return Killed() if isinstance(error, GreenletExit) else Crashed(error)

    def report_end(self) -> None:
        """Report the end of the greenlet to the cell, unless that was done."""
        if self.cell.greenlet is self:
            self._report(Killed())

    def _report(self, reason: ExitReason) -> None:
        cell = self.cell
        event = ActorFailed if isinstance(reason, FAILURES) else ActorStopped
        if self._owned is not None:
            self._owned.end_linked(reason)
        try:
            cell.system.events.publish(event(cell.name, self.number, reason))
        finally:
            if cell.greenlet is self:
                cell.signal_end(reason)

    def abandon(self) -> None:
        """Give up all that it has: it is stuck, and another one takes its place."""
        self.handling.abandon()
        if self._owned is not None:
            self._owned.end_linked(Killed())
            self._owned.abandon()

    # --- what belongs to it

    @property
    def owned(self) -> Owned:  # type: ignore[override]
        self.cell.require_thread()
        if self._owned is None:
            self._owned = Owned(self)
        return self._owned

    def stop(self, reason: ExitReason) -> None:
        """End after the message in hand, or after all that wait if the spec says so."""
        if self.cell.greenlet is self:
            (self.cell.drain if self.cell.spec.drain else self.cell.stop)(reason)

    def fail(self, error: BaseException) -> None:
        """End with this error after the message in hand."""
        if self.cell.greenlet is self:
            self.cell.mailbox.put_signal(Fail(error))
