"""The supervisor of a pool: how many members it has, and how they come and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, ClassVar, Final

from attrs import Attribute, define, evolve, field, frozen

from rnd_actors._validators import accepts, seconds, whole_number
from rnd_actors.actors import Deferred, ExitReason, Normal, Request
from rnd_actors.actors._children import Child
from rnd_actors.actors._incarnation import ChildEnded, Signal
from rnd_actors.actors._supervision import SupervisorCommand
from rnd_actors.supervision import (
    Backoff,
    ChildSpec,
    OnLimit,
    Restart,
    RestartIntensity,
    ShutdownOrder,
    Supervisor,
)

_LOOK: Final = "look"

_is_number_of_messages = accepts(
    "a number of messages, > 0", lambda x: type(x) in (int, float) and 0 < x < float("inf")
)


@frozen
class Sizing:
    """Bounds of the size of a pool, and when it grows and shrinks between them.

    Every `every` seconds the pool looks at its members. If more than `busy` messages a member wait,
    it grows to as many members as it takes for `busy` each. If none waits, and a member has nothing
    to do, it shrinks by one. A sender that waits for room in a mailbox counts as a message.

    Args:
        least: the smallest size, 1 or more; a pool begins with it.
        most: the largest size, `least` or more.
        busy: messages a member, > 0.
        every: seconds, > 0.

    Raises:
        SettingsError: a value is out of range.
    """

    least: int = field(validator=whole_number(1))
    most: int = field()
    busy: float = field(default=1.0, validator=_is_number_of_messages)
    every: float = field(default=1.0, validator=seconds)

    @most.validator
    def _is_not_less(self, attribute: Attribute[int], value: object) -> None:
        whole_number(self.least)(self, attribute, value)


@define
class Plan:
    """The size of a pool, over all incarnations of its supervisor."""

    size: int
    sizing: Sizing | None

    @classmethod
    def of(cls, size: int | Sizing) -> Plan:
        return cls(size.least, size) if isinstance(size, Sizing) else cls(size, None)

    def change(self, size: int | Sizing) -> None:
        """Take another size, or bring the present one within the bounds of a `Sizing`."""
        if isinstance(size, Sizing):
            self.size, self.sizing = _within(size, self.size), size
        else:
            self.size, self.sizing = size, None

    def follow_load(self, mailboxes: Sequence[Any]) -> None:
        """Change the size as the `Sizing` says for the mailboxes of the members."""
        sizing = self.sizing
        if sizing is None:
            return
        waiting = sum(each.waiting() + each.blocked for each in mailboxes)
        if waiting > sizing.busy * self.size:
            self.size = _within(sizing, ceil(min(waiting / sizing.busy, sizing.most)))
        elif not waiting and any(each.idle_since is not None for each in mailboxes):
            self.size = _within(sizing, self.size - 1)


def _within(sizing: Sizing, size: int) -> int:
    return min(max(size, sizing.least), sizing.most)


@define(eq=False)
class _Leaver:
    """A member that the pool no longer has: it handles what waits for it, and ends."""

    child: Child
    reason: ExitReason = field(factory=Normal)
    """Why it ends after all that waited; any other end is treated as that of a member."""
    has_senders: bool = False
    """Whether senders waited for room when it was told to end."""

    def drain(self) -> None:
        """Let it end after all that it has been told up to now."""
        cell = self.child.cell
        self.has_senders = self.has_senders or bool(cell.mailbox.blocked)
        cell.drain(self.reason, outlives_crash=True)


class PoolSupervisor(Supervisor):
    """Starts the members `1`, `2` and so on of a pool, and changes their number.

    Args:
        plan: how many there are.
        member: makes the spec of the member with a number.
        intensity: how many restarts each member may need.
        on_limit: who ends if a member needs more.
        backoff: how long to wait before each restart.
    """

    _keeps_children: ClassVar[bool] = False

    def __init__(
        self,
        plan: Plan,
        member: Callable[[int], ChildSpec],
        *,
        intensity: RestartIntensity,
        on_limit: OnLimit,
        backoff: Backoff,
    ) -> None:
        super().__init__(
            [member(number) for number in range(1, plan.size + 1)],
            intensity=intensity,
            on_limit=on_limit,
            backoff=backoff,
            shutdown_order=ShutdownOrder.PARALLEL,
        )
        self._plan = plan
        self._member = member
        self._leavers: dict[str, _Leaver] = {}

    def on_start(self) -> None:
        super().on_start()
        self._look_from_now_on()

    def resize(self, request: Resize) -> None:
        """Change the size, and answer when the members that this starts have started."""
        before = self._plan.size
        self._plan.change(request.size)
        self._look_from_now_on()
        self._adjust(before, self.defer(request))

    def look(self) -> None:
        """Change the size as the load and the `Sizing` say."""
        before = self._plan.size
        self._plan.follow_load([ref._cell.mailbox for ref in self._children.refs])  # noqa: SLF001
        if self._plan.size != before:
            self._adjust(before, Deferred(None))

    def _look_from_now_on(self) -> None:
        self.cancel_timer(_LOOK)
        if self._plan.sizing is not None:
            self.set_timer(_LOOK, self._plan.sizing.every, _Look(), repeat=True)

    def _adjust(self, before: int, answer: Deferred[None]) -> None:
        """Start the members that are missing, and let those leave that are too many."""
        self._forget_leavers()
        for number in range(self._plan.size + 1, before + 1):
            if str(number) in self._children and str(number) not in self._leavers:
                self._let_leave(self._children[str(number)])
        numbers = range(1, self._plan.size + 1)
        self._start_members([each for each in numbers if str(each) not in self._children], answer)

    def _start_members(self, numbers: Sequence[int], answer: Deferred[None]) -> None:
        growth = _Growth(answer, len(numbers))
        for number in numbers:
            child = self._add(self._member(number), is_kept=False)
            child.starters = (growth,)
            self._children.start_now(child)

    def _let_leave(self, child: Child) -> None:
        child.spec = evolve(child.spec, drain=True)
        self._children.refs.discard(child.cell.ref)
        self._leavers[child.spec.id] = leaver = _Leaver(child)
        leaver.drain()

    def _on_signal(self, signal: Signal) -> None:
        if isinstance(signal, ChildEnded) and (leaver := self._leaver_of(signal)) is not None:
            self._leaver_ended(leaver, signal)
        else:
            super()._on_signal(signal)

    def _leaver_of(self, end: ChildEnded) -> _Leaver | None:
        leaver = self._leavers.get(end.child.spec.id)
        child = self._children.alive(end.child, end.incarnation)
        return leaver if leaver is not None and leaver.child is child else None

    def _leaver_ended(self, leaver: _Leaver, end: ChildEnded) -> None:
        """Let a leaver go, unless there may be more for it: from senders, or after a failure."""
        child = leaver.child
        if end.reason is not leaver.reason:
            leaver.drain()
        elif leaver.has_senders:
            leaver.has_senders = False
            leaver.drain()
            child.note_end()
            self._children.start_now(child)
            return
        else:
            child.spec = evolve(child.spec, restart=Restart.TEMPORARY)
        super()._on_signal(end)
        if not self._children.has(child):
            del self._leavers[child.spec.id]
            number = int(child.spec.id)
            if number <= self._plan.size:
                self._start_members([number], Deferred(None))

    def _forget_leavers(self) -> None:
        """Forget those that were ended by a request."""
        for child_id, leaver in tuple(self._leavers.items()):
            if not self._children.has(leaver.child):
                del self._leavers[child_id]


class _Growth(Deferred[Any]):
    """Answers a `Resize` when so many members have started, or one of them has failed."""

    __slots__ = ("_answer", "_left")

    def __init__(self, answer: Deferred[None], members: int) -> None:
        super().__init__(None)
        self._answer = answer
        self._left = members
        if not members:
            answer.reply(None)

    def reply(self, answer: Any) -> None:
        self._left -= 1
        if not self._left:
            self._answer.reply(None)

    def reply_error(self, error: BaseException) -> None:
        self._answer.reply_error(error)


@frozen
class Resize(Request[None], SupervisorCommand):
    """Change the size of a pool."""

    ask_timeout: ClassVar[float | None] = None

    size: int | Sizing

    def carry_out(self, supervisor: Any) -> None:
        supervisor.resize(self)


@frozen
class _Look(SupervisorCommand):
    """Told to the supervisor of a pool by itself: it is time to look at the members."""

    def carry_out(self, supervisor: Any) -> None:
        supervisor.look()
