"""Requests: messages that want an answer, and the wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Protocol, Self, TypeAlias, TypeVar

from attrs import define, field, frozen
from gevent import get_hub, getcurrent
from gevent.exceptions import LoopExit

from rnd_actors._printing import shown
from rnd_actors.actors._incarnation import ExitReason
from rnd_actors.actors._loop import thread_id
from rnd_actors.actors._owned import current_greenlet
from rnd_actors.errors import AskTimeoutError, DeadlockError, SelfAskError

M_co = TypeVar("M_co", covariant=True)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class _Default(Enum):
    TIMEOUT = "that of the request"

    def __repr__(self) -> str:
        return "DEFAULT_TIMEOUT"


DEFAULT_TIMEOUT: Final = _Default.TIMEOUT

Timeout: TypeAlias = float | _Default | None
"""Seconds; None: as long as it takes; by default the `ask_timeout` of the request's class."""


class RequestAmong(Protocol[M_co, R_co]):
    """For type checkers: a request that is one of the messages `M` and wants an `R`."""

    def _among(self) -> tuple[M_co, R_co]: ...


@frozen
class Request(Generic[R]):
    """The base of messages that want an answer of type `R`.

    The actor answers with `self.reply(request, answer)`; `ref.ask(request)` returns the answer.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Request
        >>> @frozen
        ... class HowMany(Request[int]):
        ...     colour: str
        >>> HowMany("red")
        HowMany(colour='red')
    """

    ask_timeout: ClassVar[float | None] = 5.0
    """Seconds that `ask` waits for the answer if it is not told otherwise; None: for ever."""

    if TYPE_CHECKING:

        def _among(self) -> tuple[Self, R]: ...


class Addressed(Protocol):
    """A `Cell`, as refs and requests know it: an actor over all its incarnations."""

    name: str
    thread_id: int
    system: Any
    mailbox: Any
    greenlet: Any
    children: Any
    exit_reason: ExitReason | None
    put: Callable[..., object]

    def post(self, entry: Any) -> None: ...
    def put_from_thread(self, message: object) -> None: ...
    def stop(self, reason: Any, *, outlives_crash: bool) -> None: ...
    def drain(self, reason: Any, *, outlives_crash: bool) -> None: ...
    def await_retirement(self, timeout: float | None) -> None: ...
    def add_watcher(self, watcher: Any, *, restarts: bool = False) -> None: ...
    def kill(self) -> None: ...
    def remove_watcher(self, watcher: Any) -> None: ...
    def stats(self) -> Any: ...
    def describe_work(self) -> str: ...
    def require_thread(self) -> None: ...
    def call(self, function: Callable[..., object], *args: Any) -> None: ...


def wait_for(what: object, of: Addressed, wait: Callable[..., object], *args: Any) -> None:
    """Call `wait(*args)`, which waits for `what`; errors of others name that.

    Raises:
        DeadlockError: nothing is left in this thread that could ever end the wait.
    """
    greenlet: Any = current_greenlet()
    waiting = None
    if greenlet is not None and greenlet.cell.greenlet is greenlet:
        waiting = greenlet.cell
        waiting.waits_for = what
    try:
        wait(*args)
    except LoopExit:
        raise DeadlockError(
            f"nothing is left that could wake anyone: this greenlet waits for {what}; "
            f"{of.system.who_waits()}"
        ) from None
    finally:
        if waiting is not None:
            waiting.waits_for = None


@define(eq=False)
class Asked:
    """A request in a mailbox, its answer, and the greenlets that wait for that."""

    request: Any
    receiver: Addressed
    asker: object = field(factory=getcurrent)
    is_answered: bool = False
    is_given_up: bool = False
    """Whether nobody will look at the answer."""
    owed: dict[Asked, None] | None = None
    """All requests that the same incarnation has deferred."""
    _value: object = None
    _error: BaseException | None = None
    _waiting: dict[Any, Any] | None = None
    """Greenlets that wait, each with the callback of the loop that will wake it."""

    def answer(self, value: object) -> None:
        """Answer with `value`; only the first answer counts."""
        if not self.is_answered:
            self._value = value
            self._settle()

    def fail(self, error: BaseException) -> None:
        """Answer with an error, which is raised where the asker waits."""
        if not self.is_answered:
            self._error = error
            self._settle()

    def get_by(self, give_up_at: float | None, limit: float | None) -> Any:
        """Return the answer, or raise it; wait for it until `give_up_at` (monotonic seconds).

        It raises a copy: the frames on the way belong to the asker, and must not live as long as
        the error of the actor is kept.
        """
        receiver = self.receiver
        if not self.is_answered:
            wait_for(self, receiver, self._wait, give_up_at)
            if not self.is_answered:
                raise AskTimeoutError(
                    f"{receiver.name} did not answer {shown(self.request)} within {limit:g} s; "
                    f"it {receiver.describe_work()}"
                )
        if self._error is not None:
            raise copy_of(self._error)
        return self._value

    def give_up(self) -> None:
        self.is_given_up = True
        self._is_over()

    def __str__(self) -> str:
        return f"the answer of {self.receiver.name} to {shown(self.request)}"

    def _wait(self, give_up_at: float | None) -> None:
        me, hub = getcurrent(), get_hub()
        if me is hub:
            hub.switch_out()  # raises: callbacks of the loop cannot wait
        left = None if give_up_at is None else give_up_at - time.monotonic()
        if left is not None and left <= 0:
            return
        if self._waiting is None:
            self._waiting = {}
        timer: Any = None
        self._waiting[me] = None
        try:
            if left is not None:
                timer = hub.loop.timer(left)
                timer.start(me.switch, update=True)
            while not self.is_answered and (timer is None or timer.active):
                hub.switch()
        finally:
            call = self._waiting.pop(me)
            if call is not None and call.pending:
                call.stop()  # or it would switch to the greenlet in its next wait
            if timer is not None:
                timer.close()

    def _is_over(self) -> None:
        if self.owed is not None:
            self.owed.pop(self, None)
            self.owed = None

    def _settle(self) -> None:
        self.is_answered = True
        self._is_over()
        if self._waiting:
            if thread_id() == self.receiver.thread_id:
                self._wake()
            else:
                self.receiver.call(self._wake)

    def _wake(self) -> None:
        loop = get_hub().loop
        for waiting in self._waiting or ():
            self._waiting[waiting] = loop.run_callback(waiting.switch)  # type: ignore[index]


def copy_of(error: BaseException) -> BaseException:
    """Return a copy, made without `__init__`; the error itself if a copy could lose anything."""
    cls = type(error)
    builtin = next(each for each in cls.__mro__ if each.__module__ == "builtins")
    has_more = builtin.__basicsize__ != Exception.__basicsize__ and not issubclass(cls, OSError)
    has_slots = any(getattr(each, "__slots__", ()) for each in cls.__mro__)
    if has_more or has_slots or not issubclass(cls, Exception):
        return error
    try:
        twin = cls.__new__(cls, *error.args)
        vars(twin).update(vars(error))
        is_like_it = twin.args == error.args and str(twin) == str(error)
        twin.__cause__, twin.__context__ = error.__cause__, error.__context__
        twin.__suppress_context__ = error.__suppress_context__
    except Exception:  # noqa: BLE001  # many classes are not made for that
        return error
    return twin.with_traceback(error.__traceback__) if is_like_it else error


def limit_of(request: object, timeout: Timeout) -> float | None:
    """Return the time limit for the answer to a request, in seconds; None: there is none."""
    if isinstance(timeout, _Default):
        limit: float | None = getattr(type(request), "ask_timeout", Request.ask_timeout)
        return limit
    return timeout


def require_other(receiver: Addressed) -> None:
    if receiver.greenlet is getcurrent():
        raise SelfAskError(
            f"{receiver.name} waits for its own answer, which could never come; "
            "call a method instead, or tell() yourself and go on"
        )
