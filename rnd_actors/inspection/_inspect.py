"""One actor at one moment: what it has, what it does, and what waits for it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from gevent import getcurrent

from rnd_actors._printing import escaped, shown_error, text_of
from rnd_actors.actors import ActorRef, ActorStats
from rnd_actors.actors._cell import Cell, message_of
from rnd_actors.actors._loop import SYSTEM_ERRORS
from rnd_actors.inspection._actors import actor_of, cell_of, listed, short, shortened, work_of
from rnd_actors.inspection._suspend import is_suspended

if TYPE_CHECKING:
    from rich.text import Text

_MOST_ATTRIBUTES: Final = 50
_MOST_MESSAGES: Final = 10
_MOST_NAMES: Final = 10
_MOST_FRAMES: Final = 20
_INDENT: Final = "  "


@frozen
class Inspection:
    """One actor at the time of `inspect(ref)`, in texts that keep none of its objects alive.

    `str(inspection)` is a page to read; rich prints it with headings.
    """

    name: str
    kind: str
    """The name of the actor's class; empty while it is down."""
    incarnation: int
    doing: str
    """Its present work in words, also what it waits for."""
    is_suspended: bool
    state: Mapping[str, str]
    """What `Actor.inspected` returns: names, and values as text. At most 50."""
    waiting: tuple[str, ...]
    """The oldest messages that wait, at most 10; `stats.mailbox` is how many there are."""
    timers: Mapping[str, float]
    """The timers with keys: each key as text, and the seconds until it fires. At most 50."""
    timers_without_key: int
    """How many more timers there are, of `after`, `every` and others."""
    watchers: tuple[str, ...]
    """The names of the actors that watch it."""
    stack: str
    """Where its greenlet is, its innermost 20 calls, as in a traceback; empty while it is down."""
    stats: ActorStats

    def __str__(self) -> str:
        return "".join(text for text, _ in self._parts())

    def __rich__(self) -> Text:
        from rich.text import Text  # noqa: PLC0415 - actors need no rich, only this picture does

        return Text.assemble(*self._parts())

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Give the page in pieces, each with its style."""
        yield escaped(self.name), "bold"
        yield f" {self.kind} #{self.incarnation} {self.doing}", ""
        for heading, lines in self._sections():
            if lines:
                yield f"\n{_INDENT}{heading}", "bold"
                yield "".join(f"\n{_INDENT * 2}{line}" for line in lines), ""

    def _sections(self) -> Iterator[tuple[str, list[str]]]:
        stats = self.stats
        counts = (
            f"{stats.told} told, {stats.handled} handled, {stats.failed} failed, "
            f"{stats.dead} dead, {stats.refused} refused, {stats.stashed} stashed, "
            f"busy {stats.busy_s:.1f} s"
        )
        yield "state", [f"{name} = {value}" for name, value in self.state.items()]
        yield f"waiting: {stats.mailbox}", self._waiting_lines()
        yield "timers", self._timer_lines()
        yield "watched by", [listed(self.watchers, _MOST_NAMES)] if self.watchers else []
        yield "messages", [counts]
        yield "stack", self.stack.splitlines()

    def _waiting_lines(self) -> list[str]:
        more = self.stats.mailbox - len(self.waiting)
        return [*self.waiting, *([f"… and {more} more"] if more > 0 else [])]

    def _timer_lines(self) -> list[str]:
        lines = [f"{key} in {left:.1f} s" for key, left in self.timers.items()]
        more = self.timers_without_key
        return [*lines, *([f"{more} without a key"] if more else [])]


def inspect(ref: ActorRef[Any]) -> Inspection:
    """Return what an actor has and does at this moment; it is neither asked nor waited for.

    Raises:
        WrongThreadError: the system belongs to another thread.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.inspection import inspect
        >>> class Counter(Actor[int]):
        ...     def __init__(self) -> None:
        ...         self.total = 42
        ...     def receive(self, message: int) -> None:
        ...         self.total += message
        >>> with ActorSystem() as system:
        ...     inspection = inspect(system.start(ChildSpec("counter", Counter)))
        >>> inspection.kind, inspection.state, inspection.doing
        ('Counter', {'total': '42'}, 'waits for a message')
    """
    return inspection_of(cell_of(ref))


def inspection_of(cell: Cell) -> Inspection:
    """Return what an actor has and does at this moment."""
    owned = getattr(cell.greenlet, "_owned", None)
    rings = {} if owned is None else dict(owned.rings)
    timers = () if owned is None else tuple(owned._timers)  # noqa: SLF001
    keyed = {rang.timer for rang in rings.values()}
    return Inspection(
        name=cell.name,
        kind=cell.kind,
        incarnation=cell.incarnation,
        doing=work_of(cell),
        is_suspended=is_suspended(cell),
        state=_state_of(actor_of(cell)),
        waiting=tuple(short(message_of(entry)) for entry in cell.mailbox.oldest(_MOST_MESSAGES)),
        timers={
            short(key): rang.timer.time_left for key, rang in list(rings.items())[:_MOST_ATTRIBUTES]
        },
        timers_without_key=sum(timer not in keyed for timer in timers),
        watchers=tuple(
            watcher.name for watcher in tuple(cell.watchers or ()) if isinstance(watcher, Cell)
        ),
        stack="".join(_stack_of(cell.greenlet)),
        stats=cell.stats(),
    )


def _state_of(actor: Any) -> dict[str, str]:
    if actor is None:
        return {}
    try:
        state = [(name, value) for name, value in actor.inspected().items()]
    except SYSTEM_ERRORS:
        raise
    except BaseException as error:  # noqa: BLE001  # the user's; it may find the actor half made
        return {"inspected()": shortened(f"raises {shown_error(error)}")}
    texts = {shortened(text_of(name)): short(value) for name, value in state[:_MOST_ATTRIBUTES]}
    if len(state) > _MOST_ATTRIBUTES:
        texts["…"] = f"and {len(state) - _MOST_ATTRIBUTES} more"
    return texts


def _stack_of(greenlet: Any) -> list[str]:
    frame = _frame_outside() if greenlet is getcurrent() else getattr(greenlet, "gr_frame", None)
    return [] if frame is None else traceback.format_stack(frame, _MOST_FRAMES)


def _frame_outside() -> FrameType | None:
    """Return the frame that has called this package."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return frame
