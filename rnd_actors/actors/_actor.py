"""The actor: the class that users subclass."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, ClassVar, Final, Generic, Never, NoReturn, TypeVar

import gevent

from rnd_actors._printing import shown
from rnd_actors._validators import accepts, optional, require
from rnd_actors.actors._events import Event
from rnd_actors.actors._futures import Future
from rnd_actors.actors._greenlet import ActorGreenlet
from rnd_actors.actors._handling import Acceptance, Deferred, message_type
from rnd_actors.actors._incarnation import (
    Became,
    Crashed,
    ExitReason,
    Killed,
    Normal,
    Piped,
    Signal,
    Stopped,
)
from rnd_actors.actors._owned import Timer
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Request
from rnd_actors.errors import ActorClassError, ActorError, SettingsConflictError

M = TypeVar("M")
R = TypeVar("R")
Q = TypeVar("Q", bound=Request[Any])

_is_function = accepts("a function of one argument", callable)
_is_handler = accepts(
    "a method, or another function of one message",
    lambda value: callable(value) and not is_for_coroutines(value),
)
_is_ref = accepts("an ActorRef", lambda value: isinstance(value, ActorRef))
_is_source = accepts(
    "a future, as ask_future returns it, or a function that returns the answer",
    lambda value: isinstance(value, Future) or callable(value),
)
_is_reason = optional(
    accepts(
        "Normal(), Stopped(), Killed(), Crashed(error) or None",
        lambda value: (
            isinstance(value.error, BaseException)
            if isinstance(value, Crashed)
            else isinstance(value, Normal | Stopped | Killed)
        ),
    )
)
_HOOKS: Final = ("on_start", "receive", "run", "on_stop")


class Actor(Generic[M]):
    """State that nobody else can reach, changed by one message of type `M` at a time.

    Subclass it, write `receive` with `match`, and hand a factory of it to a supervisor or an
    `ActorSystem`. Nothing inside an actor is concurrent: no locks are needed. An exception that
    leaves any method ends the incarnation; the supervisor decides what follows.

    Each incarnation is a `gevent.Greenlet` of its own, with the name of the actor: all promises of
    gevent for greenlets hold for it.

    A message that is no `M` does not reach `receive`: it is a dead letter, and an event says so.
    Methods other than the hooks work from `on_start` on, not yet in `__init__`.

    Raises:
        ActorClassError: when a subclass is made: it accepts messages, but has no `receive`; or one
            of its hooks is a coroutine or a generator.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> @frozen
        ... class Add(Request[int]):
        ...     number: int
        >>> class Counter(Actor[Add]):
        ...     def __init__(self) -> None:
        ...         self.total = 0
        ...     def receive(self, message: Add) -> None:
        ...         match message:
        ...             case Add(number):
        ...                 self.total += number
        ...                 self.reply(message, self.total)
        >>> with ActorSystem() as system:
        ...     counter = system.start(ChildSpec("counter", Counter))
        ...     counter.ask(Add(2)), counter.ask(Add(40))
        (2, 42)
    """

    stash_capacity: ClassVar[int] = 1000
    """How many messages `stash` keeps; one more raises `StashFullError`."""

    _became: Callable[[M], object] | None = None
    """What handles messages instead of `receive`."""
    _wrappers: tuple[Callable[[Callable[[M], object]], Callable[[M], object]], ...] = ()
    """What is put around the handler, like traces."""
    _acceptance: ClassVar[Acceptance] = Acceptance(Any)
    _greenlet: ActorGreenlet | None = None
    _has_own_work: ClassVar[bool] = False
    _is_suspended: bool = False
    _supervises: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        accepted = message_type(cls, Actor)
        cls._acceptance = Acceptance(accepted)
        cls._has_own_work = cls.run is not Actor.run
        for name in _HOOKS:
            hook = getattr(cls, name)
            if is_for_coroutines(hook):
                raise ActorClassError(
                    f"{cls.__name__}.{name}() is a coroutine or a generator, which nobody would "
                    "run; write a plain method: on gevent every call may wait"
                )
        if cls.receive is Actor.receive and _wants_receive(cls, accepted):
            raise ActorClassError(
                f"{cls.__name__} accepts messages of type {shown(accepted)} but has no receive(); "
                "write receive(self, message), or run(self) and Actor[Never] if it handles none"
            )

    def on_start(self) -> None:
        """Prepare; the framework calls it once, before the first message of this incarnation."""

    def receive(self, message: M) -> None:
        """Handle one message."""
        self.unhandled(message)

    def run(self) -> object:
        """Override it to give the actor work of its own, on its greenlet, instead of messages.

        It is called after `on_start`; when it returns, the actor stops normally, and what it
        returns is its result. To stop the actor, a `GreenletExit` is raised in it where it waits.
        Every message to it is a dead letter. Work that seldom waits calls `checkpoint()`.
        """

    def on_stop(self, reason: ExitReason) -> None:
        """Clean up; called once, after the last message of this incarnation or its crash.

        Timers and background work have ended by then.
        """

    def inspected(self) -> Mapping[str, object]:
        """Return what `rnd_actors.inspection.inspect` shows as the state of this actor.

        By default these are the attributes without an underscore in front. It may be called at any
        moment, even in the middle of a message, so it must neither wait nor change anything.
        """
        names = [field.name for field in getattr(type(self), "__attrs_attrs__", ())]
        names += vars(self)
        return {
            name: getattr(self, name)
            for name in names
            if not name.startswith("_") and hasattr(self, name)
        }

    @property
    def ref(self) -> ActorRef[M]:
        """The address of this actor, for others."""
        return self._own.cell.ref

    @property
    def incarnation(self) -> int:
        """1 for the first instance, one more after each restart."""
        return self._own.number

    def reply(self, request: Request[R], answer: R) -> None:
        """Answer the request in hand; without effect if it was told, not asked."""
        if asked := (self._greenlet or self._own).handling.asked(request):
            asked.answer(answer)

    def reply_error(self, request: Request[Any], error: Exception) -> None:
        """Let the asker's `ask` raise `error`; this actor goes on."""
        if asked := self._own.handling.asked(request):
            asked.fail(error)

    def defer(self, request: Request[R]) -> Deferred[R]:
        """Owe the answer to the request in hand, and go on.

        If this incarnation ends before `reply`, the asker gets an `ActorCrashedError`.
        """
        return self._own.handling.defer(request)

    def forward(self, request: Q, to: ActorRef[Q]) -> None:
        """Hand on the request in hand; `to` answers the asker."""
        require(_is_ref, "forward() to", to)
        self._own.handling.forward(request, to._cell)  # noqa: SLF001

    def unhandled(self, message: object) -> None:
        """Report that there is no case for this message: for the last `case _` of a `match`."""
        self._own.handling.unhandled(message)

    def stash(self) -> None:
        """Keep the message in hand for later.

        A restart and a stop put stashed messages back where they came from.

        Raises:
            StashFullError: `stash_capacity` messages are kept already.
        """
        self._own.handling.stash(self.stash_capacity)

    def unstash(self) -> None:
        """Take up the oldest stashed message again, before all others."""
        self._own.handling.unstash()

    def unstash_all(self) -> None:
        """Take up all stashed messages again, in their order and before all others."""
        self._own.handling.unstash_all()

    def become(self, handler: Callable[[M], object]) -> None:
        """Let `handler` handle the messages, from the next one on, until it becomes another.

        Raises:
            SettingsError: `handler` cannot be called, or only makes a coroutine.
        """
        require(_is_handler, "become() handler", handler)
        mailbox = self._own_here.cell.mailbox
        self._became = handler
        mailbox.put_signal(Became())

    def unbecome(self) -> None:
        """Let `receive` handle the messages again, from the next one on."""
        mailbox = self._own_here.cell.mailbox
        self._became = None
        mailbox.put_signal(Became())

    def tell_first(self, message: M) -> None:
        """Tell yourself `message` before all that wait, even from `on_start`."""
        mailbox = self._own_here.cell.mailbox
        mailbox.told += 1
        mailbox.put_back([message])

    def publish(self, event: Event) -> None:
        """Publish an event on the event stream of the system."""
        self._own.cell.system.events.publish(event)

    def mark_healthy(self) -> None:
        """Mark this incarnation as healthy: its end resets backoff and restart intensity."""
        self._own_here.cell.signal_healthy()

    def stop(self, reason: ExitReason | None = None, *, result: object = None) -> None:
        """End this incarnation after the message in hand.

        Args:
            reason: why it ends; None: normally. A `Crashed(error)` is treated as the error itself
                that leaves `receive`.
            result: what `join` returns, in a `Normal(result)`; only without a reason.

        Raises:
            SettingsError: `reason` is none.
            SettingsConflictError: there are a reason and a result.
        """
        require(_is_reason, "stop() reason", reason)
        if not (reason is None or result is None):
            raise SettingsConflictError("stop() takes a reason or a result: see Normal(result)")
        self._own_here.cell.stop(Normal(result) if reason is None else reason)

    def after(self, delay: float, message: M) -> Timer:
        """Tell yourself `message` in `delay` seconds, unless this incarnation has ended.

        Raises:
            SettingsError: `delay` is less than 0, or no finite number.
        """
        cell = self._own.cell
        return self._own.owned.after(delay, lambda: cell.post(message))

    def every(self, interval: float, message: M) -> Timer:
        """Tell yourself `message` every `interval` seconds as long as this incarnation lives.

        Raises:
            SettingsError: `interval` is not more than 0, or no finite number.
        """
        cell = self._own.cell
        return self._own.owned.every(interval, lambda: cell.post(message))

    def set_timer(self, key: object, delay: float, message: M, *, repeat: bool = False) -> None:
        """Tell yourself `message` in `delay` seconds, with `repeat` again and again.

        It replaces the timer with the same key, and even the message of that which still waits.

        Raises:
            SettingsError: `delay` is less than 0, 0 with `repeat`, or no finite number.
        """
        self._own.owned.set_timer(key, delay, message, repeat=repeat)

    def cancel_timer(self, key: object) -> None:
        """Cancel the timer with this key, if there is one, and its message if that still waits."""
        self._own.owned.cancel_timer(key)

    def time_left(self, key: object) -> float | None:
        """Return the seconds until the timer with this key fires; None if there is none."""
        rang = self._own.owned.rings.get(key)
        return None if rang is None else rang.timer.time_left

    def set_receive_timeout(self, seconds: float | None, message: M | None = None) -> None:
        """Tell yourself `message` each time that none has come for so many seconds; None: never.

        Raises:
            SettingsError: `seconds` is not more than 0, or no finite number.
        """
        self._own.owned.set_receive_timeout(seconds, message)

    def watch(self, ref: ActorRef[Any], *, restarts: bool = False) -> None:
        """Let this actor be told `Terminated(ref, reason)` when `ref` has stopped for good.

        If it has already, the message comes at once. With `restarts`, `Restarted` is told each time
        that it is up again. Watching ends with this incarnation.
        """
        require(_is_ref, "watch() ref", ref)
        self._own.owned.watch(ref._cell, restarts=restarts)  # noqa: SLF001

    def unwatch(self, ref: ActorRef[Any]) -> None:
        """Stop watching `ref`; undoes `watch`."""
        require(_is_ref, "unwatch() ref", ref)
        self._own.owned.unwatch(ref._cell)  # noqa: SLF001

    def link(self, ref: ActorRef[Any]) -> None:
        """Let this incarnation and that of `ref` end together.

        When one fails, the other one fails with a `LinkedActorError`; when one is told to stop, the
        other one stops; a normal end ends only the link. An actor that is not up counts as failed.
        """
        require(_is_ref, "link() ref", ref)
        self._own.owned.link(ref._cell)  # noqa: SLF001

    def unlink(self, ref: ActorRef[Any]) -> None:
        """Undo `link`, from either side."""
        require(_is_ref, "unlink() ref", ref)
        self._own.owned.unlink(ref._cell)  # noqa: SLF001

    def background(self, work: Callable[..., object], *args: Any) -> None:
        """Run `work(*args)`, which may wait, in a greenlet that this incarnation owns.

        An exception in it crashes the actor; the end of the incarnation kills it.
        """
        self._own.owned.background(work, args)

    def pipe(
        self,
        source: Future[R] | Callable[[], R],
        to_message: Callable[[R], M],
        on_error: Callable[[Exception], M] | None = None,
    ) -> None:
        """Let an answer come as a message: wait for `source` in the background, and go on.

        Args:
            source: what `ask_future` returned; or a function, which may wait, for work in a
                greenlet or, as `lambda: pool.apply(work)`, in a thread pool of gevent.
            to_message: makes the message of the answer; it must not touch the actor.
            on_error: makes the message of an error, a `TimeoutError` if a Timeout of gevent has
                expired; None: the error crashes the actor.
        """
        own = self._own_here
        require(_is_source, "pipe() source", source)
        require(_is_function, "pipe() to_message", to_message)
        require(optional(_is_function), "pipe() on_error", on_error)
        get = source.get if isinstance(source, Future) else source

        def wait() -> None:
            try:
                message = to_message(get())
            except gevent.Timeout as expired:
                if on_error is None:
                    raise
                message = on_error(TimeoutError(str(expired)))
            except Exception as error:
                if on_error is None:
                    raise
                message = on_error(error)
            if own.cell.greenlet is own:
                own.cell.mailbox.put_signal_last(Piped(message))

        self.background(wait)

    def checkpoint(self) -> None:
        """Give other greenlets, timers and sockets their turn if it is due, every few milliseconds.

        For loops in `run` that may always find work; loops that wait do not need it.
        """
        if time.monotonic() > self._own.cell.system.loop_turn.due:
            gevent.sleep(0)

    def _on_signal(self, signal: Signal) -> None:
        """Handle a signal that is neither `Stop` nor `Fail`; only supervisors get any."""

    @property
    def _own_here(self) -> ActorGreenlet:
        self._own.cell.require_thread()
        return self._own

    @property
    def _own(self) -> ActorGreenlet:
        if self._greenlet is None:
            raise ActorError(
                f"this {type(self).__name__} does not run in a system; start it with "
                "system.start(ChildSpec(id, factory)), and use its ref from on_start() on"
            )
        return self._greenlet


def is_for_coroutines(function: Any) -> bool:
    """Whether a call of it would only make a coroutine or a generator, which nobody would run."""
    kinds = iscoroutinefunction, isgeneratorfunction, isasyncgenfunction
    return any(is_kind(function) for is_kind in kinds)


def _wants_receive(actor: type[Actor[Any]], accepted: object) -> bool:
    """Return whether a class must have a `receive`: it is concrete, and names its messages."""
    is_abstract = any(getattr(each, "__isabstractmethod__", False) for each in vars(actor).values())
    says_nothing = accepted in (Never, NoReturn, Any, object) or isinstance(accepted, TypeVar)
    return not (actor._has_own_work or is_abstract or says_nothing)  # noqa: SLF001
