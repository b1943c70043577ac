"""Tasks: one-off work in supervised actors of its own, one piece or many with few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Final, Generic, Never, Self, TypeVar

import gevent
from attrs import define
from gevent.lock import Semaphore
from gevent.queue import SimpleQueue

from rnd_actors._validators import accepts, optional, require, seconds, whole_number
from rnd_actors.actors._actor import Actor, is_for_coroutines
from rnd_actors.actors._children import require_open
from rnd_actors.actors._dynamic import DynamicSupervisor
from rnd_actors.actors._incarnation import Crashed, Normal
from rnd_actors.actors._owned import current_greenlet
from rnd_actors.actors._policy import Restart
from rnd_actors.actors._ref import ActorRef, Terminated
from rnd_actors.actors._requests import copy_of
from rnd_actors.actors._supervision import ChildSpec, StartChild, SupervisorMessage
from rnd_actors.errors import ActorError, AskTimeoutError, TaskCancelledError, TaskTimeoutError

R = TypeVar("R")
T = TypeVar("T")

_SUPERVISOR: Final = ChildSpec("task-supervisor", DynamicSupervisor)
_is_function = accepts(
    "a function, and no coroutine function",
    lambda value: callable(value) and not is_for_coroutines(value),
)


class Task(Generic[R]):
    """Work in an actor of its own; made by `system.task(function, *args)`.

    It is over when the function has returned or raised, when it is cancelled, or when its owner
    ends: the incarnation of the actor that made it, if an actor did.
    """

    __slots__ = ("ref",)

    def __init__(self, ref: ActorRef[Never]) -> None:
        self.ref = ref
        """The actor, to watch it, or to link it."""

    @property
    def is_ready(self) -> bool:
        """Whether `get` returns or raises at once."""
        return not self.ref.is_alive

    def get(self, timeout: float | None = None) -> R:
        """Wait for the result, up to `timeout` seconds, and return it.

        Raises:
            AskTimeoutError: the work is not over in time; it goes on.
            TaskTimeoutError: the work took longer than its own time limit.
            TaskCancelledError: the task was cancelled, or its owner has ended.
            Exception: what the function raised.
        """
        match self.ref.join(timeout):
            case Normal(result):
                value: R = result
                return value
            case Crashed(error):
                raise copy_of(error)
            case None:
                raise AskTimeoutError(f"{self.ref.name} is not over within {timeout:g} s")
            case reason:
                raise TaskCancelledError(f"{self.ref.name} was cancelled: {reason}")

    def cancel(self) -> None:
        """Kill it where it waits; nothing happens if it is over."""
        self.ref.kill()

    def __repr__(self) -> str:
        return f"<Task {self.ref.name}>"


class TaskGroup:
    """Tasks that end together; made by `with system.task_group() as group:`.

    Leaving the block waits for all of them. If the block or one of the tasks fails, the others are
    cancelled, and when all are over its error is raised. A task that is cancelled has not failed.
    """

    def __init__(self, root: ActorRef[SupervisorMessage], max_running: int | None) -> None:
        require(optional(whole_number(1)), "task_group() max_running", max_running)
        self._root = root
        self._max_running = max_running
        self._room = None if max_running is None else Semaphore(max_running)
        self._running: dict[ActorRef[Any], Task[Any]] = {}
        self._error: BaseException | None = None
        self._is_open = False

    def task(self, function: Callable[..., R], *args: Any, timeout: float | None = None) -> Task[R]:
        """Start a task of the group as `ActorSystem.task` does; wait while `max_running` run.

        Raises:
            ActorError: the block of the group has not begun, or is over.
            Exception: the error of a task that has failed already.
        """
        if not self._is_open:
            raise ActorError("a group has tasks in its block alone: with system.task_group() as …")
        if self._room is not None:
            self._room.acquire()
        if self._error is not None:
            self._leave_room()
            raise copy_of(self._error)
        try:
            task = start_task(self._root, function, args, timeout)
        except BaseException:
            self._leave_room()
            raise
        self._running[task.ref] = task
        _call_at_end(task, self._note_end)
        return task

    def map(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        in_order: bool = True,
        timeout: float | None = None,
    ) -> Iterator[R]:
        """Give `function(item)` of each item, each in a task, with `max_running` at a time.

        The next item is taken when fewer results than that are running or not taken yet.

        Args:
            function: is called in the task.
            items: may be endless.
            in_order: whether results come in the order of the items, or as they come.
            timeout: seconds for each call; None: no limit.

        Raises:
            Exception: the error of the first result that has one; the others are cancelled.
        """
        open_tasks: dict[ActorRef[Any], Task[R]] = {}
        ended = SimpleQueue[Terminated]()

        def take() -> R:
            ref = next(iter(open_tasks)) if in_order else ended.get().ref
            return open_tasks.pop(ref).get()

        try:
            for item in items:
                if len(open_tasks) == self._max_running:
                    yield take()
                task = self.task(function, item, timeout=timeout)
                open_tasks[task.ref] = task
                _call_at_end(task, ended.put)
            while open_tasks:
                yield take()
        finally:
            for task in open_tasks.values():
                task.cancel()

    def __enter__(self) -> Self:
        self._is_open = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if exc is not None:
                self._cancel_all()
            while self._running:
                next(iter(self._running)).join()
        except BaseException:
            self._cancel_all()
            raise
        finally:
            self._is_open = False
        if self._error is not None and (exc is None or isinstance(exc, TaskCancelledError)):
            raise self._error from exc

    def _note_end(self, ended: Terminated) -> None:
        del self._running[ended.ref]
        self._leave_room()
        if isinstance(ended.reason, Crashed) and self._error is None:
            self._error = ended.reason.error
            self._cancel_all()

    def _leave_room(self) -> None:
        if self._room is not None:
            self._room.release()

    def _cancel_all(self) -> None:
        for task in self._running.values():
            task.cancel()


def start_task(
    root: ActorRef[SupervisorMessage],
    function: Callable[..., R],
    args: tuple[Any, ...],
    timeout: float | None,
) -> Task[R]:
    """Start a task below the supervisor of all tasks, which is started by the first one."""
    require(_is_function, "task() function", function)
    require(optional(seconds), "task() timeout", timeout)
    supervisor = _task_supervisor(root)
    work = _Work(function, args, timeout)
    try:
        spec = ChildSpec(_name_of(function), lambda: work, restart=Restart.TEMPORARY)
        task = Task[R](supervisor.ask(StartChild(spec)))
    except BaseException:  # whoever starts it may be killed meanwhile
        work.cancel()
        raise
    owner = current_greenlet()
    if owner is not None:
        forget = owner.owned.at_end(task.cancel)
        _call_at_end(task, lambda _: forget())
    return task


def _task_supervisor(root: ActorRef[SupervisorMessage]) -> ActorRef[SupervisorMessage]:
    cell: Any = root._cell  # noqa: SLF001
    require_open(cell)
    found = cell.children and cell.children.find(_SUPERVISOR.id)  # root itself may be waiting
    return found.ref if found else root.ask(StartChild(_SUPERVISOR, or_get=True))


def _name_of(function: object) -> str:
    name = getattr(function, "__name__", None)
    is_name = isinstance(name, str) and name
    return (name if is_name else type(function).__name__).replace("/", "-")  # type: ignore[union-attr]


class _Work(Actor[Never]):
    def __init__(
        self, function: Callable[..., object], args: tuple[Any, ...], timeout: float | None
    ) -> None:
        self._function = function
        self._args = args
        self._timeout = timeout
        self._is_cancelled = False

    def run(self) -> object:
        if self._is_cancelled:
            return None
        with gevent.Timeout(self._timeout) as limit:  # `except Exception` does not catch it
            try:
                return self._function(*self._args)
            except gevent.Timeout as expired:
                if expired is not limit:
                    raise
                late = f"{self.ref.name} took longer than {self._timeout} s"
                raise TaskTimeoutError(late) from None

    def cancel(self) -> None:
        """Kill it where it waits, or let it do nothing if it has not begun."""
        self._is_cancelled = True
        if self._greenlet is not None:
            self.ref.kill()


@define(eq=False)
class _Notice:
    """Watches an actor for a function, which is called with `Terminated` when it has stopped."""

    post: Callable[[Terminated], object]
    greenlet: None = None


def _call_at_end(task: Task[Any], function: Callable[[Terminated], object]) -> None:
    task.ref._cell.add_watcher(_Notice(function))  # noqa: SLF001
