"""State machines: actors that handle a message in one way or another, by the state they are in.

They are made after the gen_statem of Erlang/OTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, Final, Generic, TypeVar

import gevent
from attrs import define, frozen

from rnd_actors._printing import shown
from rnd_actors._validators import delay, optional, require
from rnd_actors.actors import Actor, Timer
from rnd_actors.actors._handling import message_type
from rnd_actors.errors import ActorClassError, ActorError, StateLoopError

__all__ = ["StateMachine"]

S = TypeVar("S")
M = TypeVar("M")

_HOOKS: Final = ("handle", "on_enter", "on_exit", "on_timeout")
_IS_TIMEOUT: Final = optional(delay)
_MOST_CHANGES: Final = 100
"""How often the state may change in a row, from enter action to enter action."""


class StateMachine(Actor[M], Generic[S, M]):
    """An actor that is in one state of type `S` at a time and handles messages of type `M` by it.

    Set `initial_state`, write `handle` with `match state, message`, and change the state with
    `go_to`. States are compared with `==`: use the members of an `Enum`, or frozen attrs classes if
    a state has data of its own.

    A change of the state has an order: `on_exit`, the new state, `on_enter`, and then the messages
    that were postponed. A message that comes meanwhile waits.

    Raises:
        ActorClassError: when a subclass is made: it has no `handle`; or one of its hooks is a
            coroutine or a generator. When it starts: it has no `initial_state`.

    Example:
        >>> from enum import Enum
        >>> from attrs import frozen
        >>> from rnd_actors import ActorSystem, ChildSpec, Request
        >>> from rnd_actors.state_machine import StateMachine
        >>> Gate = Enum("Gate", ["LOCKED", "OPEN"])
        >>> @frozen
        ... class Coin(Request[str]):
        ...     pass
        >>> @frozen
        ... class Push(Request[str]):
        ...     pass
        >>> class Turnstile(StateMachine[Gate, Coin | Push]):
        ...     initial_state = Gate.LOCKED
        ...     def handle(self, state: Gate, message: Coin | Push) -> None:
        ...         match state, message:
        ...             case Gate.LOCKED, Coin():
        ...                 self.go_to(Gate.OPEN)
        ...             case Gate.OPEN, Push():
        ...                 self.go_to(Gate.LOCKED)
        ...         self.reply(message, f"was {state.name}")
        >>> with ActorSystem() as system:
        ...     gate = system.start(ChildSpec("gate", Turnstile))
        ...     [gate.ask(each) for each in (Push(), Coin(), Push(), Push())]
        ['was LOCKED', 'was LOCKED', 'was OPEN', 'was LOCKED']
    """

    initial_state: S
    """The first state of each incarnation, set by the class or in `__init__`.

    It is entered when `on_start` has returned.
    """

    _stay: _Stay | None = None
    _decision: tuple[Any, float | None] | None = None
    """The state to go to, and the time-out there."""
    _running_hook: str = ""
    """The name of the hook that runs; empty while none does."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in _HOOKS:
            hook = getattr(cls, name)
            if iscoroutinefunction(hook) or isgeneratorfunction(hook) or isasyncgenfunction(hook):
                raise ActorClassError(
                    f"{cls.__name__}.{name}() is a coroutine or a generator, which nobody would "
                    "run; write a plain method: on gevent every call may wait"
                )
        accepted = message_type(cls, Actor)
        if cls.handle is StateMachine.handle and not isinstance(accepted, TypeVar):
            raise ActorClassError(
                f"{cls.__name__} accepts messages of type {shown(accepted)} but has no handle(); "
                "write handle(self, state, message)"
            )
        cls._acceptance.known.add(_TimedOut)
        cls.on_start = _then_enter(cls.on_start)  # type: ignore[assignment, method-assign]

    def handle(self, state: S, message: M) -> None:
        """Handle one message in this state; call `self.unhandled(message)` if there is no case."""
        self.unhandled(message)

    def on_enter(self, state: S, previous: S | None) -> None:
        """Act on entering a state; `previous` is None for the initial state of an incarnation."""

    def on_exit(self, state: S, following: S) -> None:
        """Act on leaving a state for the following one; not called when the actor ends."""

    def on_timeout(self, state: S) -> None:
        """Act when the machine has been in a state for as long as `go_to` has set."""

    def inspected(self) -> Mapping[str, object]:
        """Return the state and the attributes, for `rnd_actors.inspection.inspect`."""
        return {"state": self.state, **super().inspected()}

    @property
    def state(self) -> S:
        """The present state: the initial one until another is entered."""
        state: S = self.initial_state if self._stay is None else self._stay.state
        return state

    @property
    def time_in_state(self) -> float:
        """Seconds since the present state was entered; 0 before that."""
        return 0.0 if self._stay is None else time.monotonic() - self._stay.since

    def go_to(self, state: S, timeout: float | None = None) -> None:
        """Change the state when `handle`, `on_enter` or `on_timeout`, which calls it, has returned.

        After `timeout` seconds in that state `on_timeout` is called, in turn with the messages that
        wait then; leaving the state cancels it. With None there is no time-out. Of several calls
        the last one counts.

        Going to the present state neither leaves nor enters it, and replaces its time-out.

        Raises:
            ActorClassError: the class has no `on_timeout`.
            ActorError: no hook that may call it is running.
            SettingsError: `timeout` is less than 0, or no finite number.
            StateLoopError: when the hook has returned: enter actions change the state without end.
        """
        require(_IS_TIMEOUT, "go_to() timeout", timeout)
        if timeout is not None and type(self).on_timeout is StateMachine.on_timeout:
            raise ActorClassError(
                f"{type(self).__name__} has a time-out but no on_timeout(); "
                "write on_timeout(self, state)"
            )
        self._require_hook("go_to()", "handle", "on_enter", "on_timeout")
        self._decision = state, timeout

    def postpone(self) -> None:
        """Keep the message in hand until the state has changed.

        Postponed messages are then handled in their order and before all others. They are stashed
        ones: `stash_capacity` bounds them, and a restart and a stop put them back where they came
        from.

        Raises:
            ActorError: `handle` is not running, or the message is postponed already.
            StashFullError: `stash_capacity` messages are kept already.
        """
        self._require_hook("postpone()", "handle")
        self.stash()

    def receive(self, message: M) -> None:
        """Handle one message and follow its consequences; write `handle` instead of it."""
        stay = self._present_stay
        if type(message) is not _TimedOut:
            self._call_hook("handle", stay.state, message)
        elif message is stay.timed_out:
            self._call_hook("on_timeout", stay.state)
        self._follow_decisions()
        if self._present_stay.state != stay.state:
            self.unstash_all()

    @property
    def _present_stay(self) -> _Stay:
        if self._stay is None:
            raise ActorError(
                f"this {type(self).__name__} is in no state yet; it enters its initial_state when "
                "its system has called on_start()"
            )
        return self._stay

    def _enter_initial_state(self) -> None:
        if not hasattr(self, "initial_state"):
            raise ActorClassError(
                f"{type(self).__name__} has no initial_state; set it in the class or in __init__()"
            )
        self._enter_state(self.initial_state, None, None)
        self._follow_decisions()

    def _follow_decisions(self) -> None:
        """Change the state until no enter action decides on another one."""
        changes = 0
        while self._decision is not None:
            (state, timeout), self._decision = self._decision, None
            stay = self._present_stay
            if state == stay.state:
                self._set_timeout(stay, timeout)
                continue
            if changes == _MOST_CHANGES:
                raise StateLoopError(
                    f"{self.ref.name} has changed its state {changes} times in a row and would go "
                    f"from {shown(stay.state)} to {shown(state)}: let one of its on_enter() stay, "
                    "or tell self.ref a message to go on with"
                )
            changes += 1
            self._call_hook("on_exit", stay.state, state)
            self._set_timeout(stay, None)
            self._enter_state(state, stay.state, timeout)

    def _enter_state(self, state: S, previous: S | None, timeout: float | None) -> None:
        self._stay = _Stay(state, time.monotonic())
        self._set_timeout(self._stay, timeout)
        self._call_hook("on_enter", state, previous)

    def _set_timeout(self, stay: _Stay, timeout: float | None) -> None:
        if stay.timer is not None:
            stay.timer.cancel()
        stay.timer = stay.timed_out = None
        if timeout is not None:
            stay.timed_out = message = _TimedOut(stay.state)
            stay.timer = self.after(timeout, message)  # type: ignore[arg-type]

    def _call_hook(self, hook: str, *args: object) -> None:
        self._running_hook = hook
        try:
            getattr(self, hook)(*args)
        finally:
            self._running_hook = ""

    def _require_hook(self, method: str, *hooks: str) -> None:
        if gevent.getcurrent() is not self._own:
            here = "in another greenlet; let background work tell self.ref a message"
        elif self._running_hook in hooks:
            return
        else:
            here = f"in {self._running_hook}()" if self._running_hook else "in no hook of a state"
            here += "; initial_state sets the first state"
        raise ActorError(f"{method} is for {'(), '.join(hooks)}(), and was called {here}")


@define(eq=False)
class _Stay:
    """One stay in a state, from its entering to its leaving."""

    state: Any
    since: float
    timer: Timer | None = None
    timed_out: _TimedOut | None = None
    """The message of the time-out that counts; another one is late."""


@frozen
class _TimedOut:
    """What a machine tells itself when a time-out is over; it accepts that with its messages."""

    state: object


def _then_enter(on_start: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return an `on_start` that enters the initial state afterwards, once for all its overrides."""

    @wraps(on_start)
    def start(machine: Any) -> None:
        on_start(machine)
        if type(machine).on_start is start:
            machine._enter_initial_state()  # noqa: SLF001

    return start
