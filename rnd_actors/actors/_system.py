"""The system: where actors live; leaving it leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import gevent
from attrs import frozen

from rnd_actors.actors._cell import Cell, CellSpec
from rnd_actors.actors._children import require_open
from rnd_actors.actors._events import DeadLetter, EventStream, log_events
from rnd_actors.actors._greenlet import ActorGreenlet
from rnd_actors.actors._incarnation import Crashed, Stopped
from rnd_actors.actors._loop import LoopTurn, require_patched, thread_id
from rnd_actors.actors._ref import ActorRef, ActorStats
from rnd_actors.actors._requests import wait_for
from rnd_actors.actors._restarts import kill_together
from rnd_actors.actors._supervision import (
    INFINITY,
    ChildSpec,
    CountChildren,
    StartChild,
    SupervisorMessage,
)
from rnd_actors.actors._supervisor import Supervisor
from rnd_actors.actors._tasks import Task, TaskGroup, start_task
from rnd_actors.errors import ActorError, WrongThreadError

if TYPE_CHECKING:
    from rich.tree import Tree as RichTree

M = TypeVar("M")
R = TypeVar("R")


class ActorSystem:
    """A context manager that owns a root supervisor, all names, and an event stream.

    Leaving it ends all actors, the last started first, each within the limit of its `ChildSpec`.
    If the root supervisor failed, because an actor exceeded its restart intensity, that error is
    raised then, unless another one is on its way already.

    Its events go to the logger `rnd_actors` of `logging`, each at its own level, unless it lives in
    virtual time. It belongs to the thread that entered it. Entering it raises `NotPatchedError` in
    a process that gevent has not patched.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
        ...     print(ref.name, ref.is_alive, system.find("idle") == ref)
        idle True True
        >>> ref.is_alive
        False
    """

    def __init__(self) -> None:
        self.events = EventStream()
        self.dead_letters = 0
        """How many messages were not delivered or not handled."""
        self.ask_observers: tuple[Callable[[str, float], object], ...] = ()
        """Each is called after every `ask`, also one that failed, with the name of the actor that
        was asked and the seconds that it took. Like subscribers they must be quick, and they must
        not raise. An event for each would cost more than the `ask`; this costs nothing while it is
        empty."""
        self.thread_id = thread_id()
        self.loop_turn = LoopTurn()
        self._simulation: Any = None
        self._root: Cell | None = None
        self._process = os.getpid()
        self._unsubscribe: list[Callable[[], object]] = []

    @property
    def root(self) -> ActorRef[SupervisorMessage]:
        """The supervisor of all top-level actors: it lists, terminates and restarts them.

        Raises:
            ActorError: the system has not been entered yet.
        """
        return self._entered().ref

    def start(self, spec: ChildSpec[M], *, or_get: bool = False) -> ActorRef[M]:
        """Add a child to the root supervisor; return its ref when its `on_start` has returned.

        With `or_get`, an actor that has this id already is returned instead of an error.

        Raises:
            ChildSpecError: `spec` is no `ChildSpec`.
            DuplicateChildError: a child of the root supervisor has this id already.
            ActorDeadError: the system has been left, or its root supervisor has failed.
            ActorError: the system has not been entered yet.
            Exception: what the factory or `on_start` of the actor raised; it is not kept then.
        """
        root = self._entered()
        require_open(root)
        return root.ref.ask(StartChild(spec, or_get))

    def task(self, function: Callable[..., R], *args: Any, timeout: float | None = None) -> Task[R]:
        """Start `function(*args)` in an actor of its own, and go on; `task.get()` is its result.

        Started by an actor, it is cancelled when that incarnation ends.

        Args:
            function: work that may wait for anything; what it returns is the result.
            args: its arguments.
            timeout: seconds that it may take; None: no limit.

        Raises:
            SettingsError: `function` cannot be called, or `timeout` is not more than 0.
        """
        return start_task(self.root, function, args, timeout)

    def task_group(self, *, max_running: int | None = None) -> TaskGroup:
        """Return a context manager for tasks that end together, `max_running` of them at a time.

        Raises:
            SettingsError: `max_running` is less than 1.
        """
        return TaskGroup(self.root, max_running)

    def find(self, name: str) -> ActorRef[Any] | None:
        """Return the ref of the actor with this name, like `workers/3`; None if none lives.

        Raises:
            WrongThreadError: the system belongs to another thread.
        """
        self._require_thread()
        cell = self._root
        for child_id in name.split("/"):
            children = cell.children if cell is not None else None
            cell = children.find(child_id) if children is not None else None
        return None if cell is None else cell.ref

    def tree(self) -> ActorInfo:
        """Return all actors, with their present and past work.

        Raises:
            ActorError: the system has not been entered yet.
            WrongThreadError: the system belongs to another thread.
        """
        self._require_thread()
        return info_of(self._entered())

    def who_waits(self) -> str:
        """Return in words what every actor does that is up, for errors about deadlocks."""
        return "; ".join(
            f"{info.name} {info.doing}"
            for info in info_of(self._entered())
            if not info.doing.startswith("is down")
        )

    def new_cell(self, spec: CellSpec, parent: Cell | None) -> Cell:
        """Return the cell of a new actor; a simulation has its own kind."""
        if self._simulation is not None:
            cell: Cell = self._simulation.new_cell(spec, parent, self)
            return cell
        return Cell(spec, parent, self)

    def __enter__(self) -> Self:
        require_patched()
        self._process = os.getpid()
        self.thread_id = self.events.thread_id = thread_id()
        self._simulation = getattr(gevent.get_hub(), "simulation", None)
        self._unsubscribe = [self.events.subscribe(self._count_dead_letter, to=DeadLetter)]
        if self._simulation is None:
            self.loop_turn.start()
            self._unsubscribe.append(log_events(self.events))
        self._root = self.new_cell(ChildSpec("system", Supervisor), None)
        ActorGreenlet(self._root)
        self.root.ask(CountChildren())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if os.getpid() != self._process:
            return  # in a fork, where nothing of it lives
        root = self._entered()
        root.stop(Stopped())
        try:
            wait_for(f"the end of {root.name}", root, root.await_end, INFINITY)
        finally:
            kill_together([root])  # it is over, unless this was interrupted
            self.loop_turn.close()
            for unsubscribe in self._unsubscribe:
                unsubscribe()
        if exc is None and isinstance(root.exit_reason, Crashed):
            raise root.exit_reason.error

    def _entered(self) -> Cell:
        if self._root is None:
            raise ActorError("actors live in an entered system: with ActorSystem() as system: …")
        return self._root

    def _require_thread(self) -> None:
        if thread_id() != self.thread_id:
            raise WrongThreadError(
                "the system belongs to the thread that entered it; only tell() works in others"
            )

    def _count_dead_letter(self, _: DeadLetter) -> None:
        self.dead_letters += 1


@frozen
class ActorInfo:
    """One actor and its children at the time of `system.tree()`.

    `str(info)` is a picture with a line an actor; rich prints it in colours.
    """

    name: str
    kind: str
    """The name of the actor's class; empty while it is down."""
    incarnation: int
    doing: str
    """Its present work, in words."""
    stats: ActorStats
    children: tuple[ActorInfo, ...]

    def __iter__(self) -> Iterator[ActorInfo]:
        """Give this actor and all below it, each before its children."""
        yield self
        for child in self.children:
            yield from child

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __rich__(self) -> RichTree:
        from rich.text import Text  # noqa: PLC0415 - actors need no rich, only this picture does
        from rich.tree import Tree  # noqa: PLC0415

        name, words = self._words()
        tree = Tree(Text.assemble((name, "bold"), words), guide_style="dim")
        for child in self.children:
            tree.add(child.__rich__())
        return tree

    def _lines(self, indent: str = "") -> Iterator[str]:
        yield indent + "".join(self._words())
        for child in self.children:
            yield from child._lines(indent + "  ")  # noqa: SLF001

    def _words(self) -> tuple[str, str]:
        stats = self.stats
        return self.name.rpartition("/")[2], (
            f" {self.kind} #{self.incarnation} {self.doing}; "
            f"{stats.mailbox} waiting, {stats.handled} handled, {stats.failed} failed, "
            f"busy {stats.busy_s:.1f} s"
        )


def info_of(cell: Cell) -> ActorInfo:
    children = cell.children.cells() if cell.children is not None else ()
    return ActorInfo(
        name=cell.name,
        kind=cell.kind,
        incarnation=cell.incarnation,
        doing=cell.describe_work(),
        stats=cell.stats(),
        children=tuple(info_of(child) for child in children),
    )
