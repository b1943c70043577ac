"""The supervisor: an actor that starts, restarts and ends other actors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

from attrs import asdict

from rnd_actors._printing import shown
from rnd_actors.actors._actor import Actor
from rnd_actors.actors._children import Child, Children
from rnd_actors.actors._greenlet import ActorGreenlet
from rnd_actors.actors._incarnation import (
    ChildEnded,
    ChildHealthy,
    ChildReady,
    ChildSignal,
    ExitReason,
    Signal,
    Stopped,
)
from rnd_actors.actors._policy import (
    AutoShutdown,
    Backoff,
    OnLimit,
    Policy,
    Restart,
    RestartIntensity,
    ShutdownOrder,
    Strategy,
)
from rnd_actors.actors._ref import ActorRef, post
from rnd_actors.actors._requests import Asked, Request
from rnd_actors.actors._restarts import Relaunch, Restarts, end_children
from rnd_actors.actors._supervision import (
    ChildSpec,
    ChildState,
    ChildUp,
    CountChildren,
    DeleteChild,
    EscalateChild,
    RestartChild,
    ShutDown,
    StartChild,
    SupervisorCommand,
    SupervisorMessage,
    TerminateChild,
    WhichChildren,
)
from rnd_actors.errors import (
    ActorDeadError,
    ChildRunningError,
    ChildSpecError,
    DuplicateChildError,
    RestartIntensityError,
    SettingsError,
    StartCycleError,
    SupervisionError,
    TooManyChildrenError,
)

_Message: TypeAlias = SupervisorMessage | SupervisorCommand | Relaunch


class Supervisor(Actor[_Message]):
    """Starts its children in order, restarts those that fail, and ends them in order.

    A child that ended by itself is restarted as its `ChildSpec` says, and others with it as the
    strategy says: at once after the first failure, then with `backoff`. A child that needs more
    restarts than `intensity` allows is given up: the decider of a DELEGATED child is told; any
    other child makes the supervisor itself fail, so that its own supervisor can act.

    Of its first children, and of those that are restarted together, one starts when `on_start` of
    the one before has returned or failed. A failed start is treated like any other crash, unless
    `StartChild` or `RestartChild` asked for it: the asker gets the error then.

    It is healthy itself once all its children are marked as healthy (`Actor.mark_healthy`).

    Its messages are `StartChild`, `RestartChild`, `TerminateChild`, `DeleteChild`, `WhichChildren`,
    `CountChildren` and `ShutDown`.

    Args:
        children: the specs of the first children; more come with `StartChild`.
        strategy: which children are restarted together.
        intensity: how many restarts each child may need; None: the default of `RestartIntensity`,
            or no limit if there is a `total_intensity`.
        total_intensity: how many restarts all children together may need; None: no limit.
        on_limit: who ends if a child needs more.
        backoff: how long to wait before each restart.
        auto_shutdown: whether the end of significant children ends the supervisor.
        shutdown_order: one after the other in reverse start order, or all at once.
        max_children: how many children there may be; None: no limit.

    Raises:
        ChildSpecError: something among `children` is no `ChildSpec`.
        DuplicateChildError: two of them have the same id.
        SettingsError: another argument is not of its accepted form; or a child is significant,
            and `auto_shutdown` is NEVER.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor
        >>> from rnd_actors.supervision import CountChildren
        >>> with ActorSystem() as system:
        ...     specs = [ChildSpec("cache", Actor), ChildSpec("index", Actor)]
        ...     storage = system.start(ChildSpec("storage", lambda: Supervisor(specs)))
        ...     storage.ask(CountChildren()).specs
        2
    """

    _supervises = True
    _keeps_children: ClassVar[bool] = True

    def __init__(
        self,
        children: Iterable[ChildSpec] = (),
        *,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        intensity: RestartIntensity | None = None,
        total_intensity: RestartIntensity | None = None,
        on_limit: OnLimit = OnLimit.FAIL,
        backoff: Backoff = Backoff(),
        auto_shutdown: AutoShutdown = AutoShutdown.NEVER,
        shutdown_order: ShutdownOrder = ShutdownOrder.REVERSE,
        max_children: int | None = None,
    ) -> None:
        if isinstance(children, ChildSpec):
            raise SettingsError("Supervisor.children", "a list of specs", children)
        self._specs = tuple(children)
        for spec in self._specs:
            _require_usable(spec, auto_shutdown, "Supervisor")
        self._policy = Policy(
            strategy=strategy,
            intensity=intensity,
            total_intensity=total_intensity,
            on_limit=on_limit,
            backoff=backoff,
            auto_shutdown=auto_shutdown,
            shutdown_order=shutdown_order,
            max_children=max_children,
        )
        self._children = Children(self._launch)
        self._restarts = Restarts(self, self._children, self._policy, self._shut_down, self._fail)

    def on_start(self) -> None:
        self._own.cell.children = self._children
        self._children.start([self._add(spec, is_kept=True) for spec in self._specs])

    def inspected(self) -> Mapping[str, object]:
        """Return the settings and how many children there are."""
        return {
            "children": self._children.counts(),
            **asdict(self._policy, recurse=False),
            **super().inspected(),
        }

    def receive(self, message: _Message) -> None:
        handling = self._own.handling
        try:
            self._handle(message)
        except (SupervisionError, SettingsError) as error:
            if isinstance(message, Request) and handling.asked(message):
                self.reply_error(message, error)
            else:
                handling.discard(str(error))

    def on_stop(self, reason: ExitReason) -> None:
        self._children.are_ending = True
        children = [child for child in self._children if child.state is not ChildState.TERMINATED]
        try:
            end_children(children, self._policy.shutdown_order, for_good=True)
        finally:
            self._own.cell.children = None

    def _handle(self, message: _Message) -> None:  # noqa: C901  # one short case a message
        match message:
            case StartChild():
                self._start_or_get(message)
            case RestartChild(child_id):
                self._restart_child(message, self._children[child_id])
            case TerminateChild(child_id):
                self._terminate(self._children[child_id])
                self.reply(message, None)
            case DeleteChild(child_id):
                self._delete(self._children[child_id])
                self.reply(message, None)
            case EscalateChild(child_id):
                self._escalate(message, self._children[child_id])
            case WhichChildren():
                self.reply(message, self._children.infos())
            case CountChildren():
                self.reply(message, self._children.counts())
            case ShutDown():
                self._shut_down()
            case Relaunch():
                self._restarts.relaunch(message)
            case SupervisorCommand():
                message.carry_out(self)

    def _on_signal(self, signal: Signal) -> None:
        if isinstance(signal, ChildSignal):
            child = self._children.alive(signal.child, signal.incarnation)
            if child is not None:
                match signal:
                    case ChildReady():
                        self._is_ready(child)
                    case ChildHealthy():
                        self._children.note_health(child)
                    case ChildEnded(reason=reason):
                        self._restarts.ended(child, reason)
                self._may_be_healthy()
        self._children.start_next()

    def _fail(self, error: BaseException) -> None:
        self._own.fail(error)

    def _shut_down(self) -> None:
        self._own.cell.stop(Stopped())

    def _add(self, spec: ChildSpec, *, is_kept: bool) -> Child:
        me = self._own.cell
        most = self._policy.max_children
        if most is not None and len(self._children) >= most:
            raise TooManyChildrenError(
                f"{me.name} has its {most} children already; "
                "end one with TerminateChild and DeleteChild, or raise max_children"
            )
        if spec.id in self._children:
            raise DuplicateChildError(
                f"{me.name} has a child {spec.id!r} already; ids are unique in a supervisor"
            )
        child = Child(me.system.new_cell(spec, me), spec, is_kept=is_kept)
        self._children.add(child)
        return child

    def _launch(self, child: Child) -> None:
        if child.spec.decider is not None:
            number, ref = child.cell.incarnation + 1, child.cell.ref
            up = ChildUp(self.ref, child.spec.id, number, ref=ref)
            post(child.spec.decider, up)
        ActorGreenlet(child.cell)

    def _start_or_get(self, request: StartChild[Any]) -> None:
        spec = request.spec
        _require_usable(spec, self._policy.auto_shutdown, self._own.cell.name)
        if not request.or_get or spec.id not in self._children:
            if self._asked(request) is None:
                self._children.start([self._add(spec, is_kept=self._keeps_children)])
            else:
                self._start_for(request, self._add(spec, is_kept=False))
            return
        child = self._children[spec.id]
        if child.state is ChildState.TERMINATED:
            self._start_again(request, child)
        elif child.starters and self._children.start_waits_for(child, self._asked(request)):
            raise StartCycleError(
                f"{child.cell.name} waits in its on_start(), maybe by way of others, for the actor "
                "that asks for it: let one of them go on, and ask later"
            )
        elif child.starters:
            child.starters += (self.defer(request),)
        else:
            self.reply(request, child.cell.ref)

    def _restart_child(self, request: RestartChild, child: Child) -> None:
        if not child.is_at_rest:
            raise ChildRunningError(
                f"the child {child.spec.id!r} is {child.state.value}; only one that is down or "
                "terminated can be started again"
            )
        if child.state is ChildState.TERMINATED:
            self._start_again(request, child)
        elif self._restarts.restart(child):
            self.reply(request, child.cell.ref)
        else:
            self.reply_error(request, RestartIntensityError(f"{child.cell.name} is given up"))

    def _start_again(self, request: Request[ActorRef[Any]], child: Child) -> None:
        me = self._own.cell
        child.cell = me.system.new_cell(child.spec, me)
        self._start_for(request, child)

    def _start_for(self, request: Request[ActorRef[Any]], child: Child) -> None:
        """Start a child in its turn, or at once if the one that starts waits for it."""
        is_urgent = self._children.is_awaited_by_starting(self._asked(request))
        child.starters += (self.defer(request),)
        if is_urgent:
            self._children.start_now(child)
        else:
            self._children.start([child])

    def _asked(self, request: Request[Any]) -> Asked | None:
        return self._own.handling.asked(request)

    def _terminate(self, child: Child) -> None:
        self._children.start_is_over(child)
        child.attempt += 1
        if child.state is not ChildState.TERMINATED:
            end_children([child], self._policy.shutdown_order, for_good=True)
            self._children.change(child, ChildState.TERMINATED)
        if child.spec.restart is Restart.TEMPORARY or not child.is_kept:
            self._restarts.forget(child)
        child.settle(ActorDeadError(f"{child.cell.name} was ended before it had started"))
        self._may_be_healthy()
        self._children.start_next()

    def _delete(self, child: Child) -> None:
        if not child.is_at_rest:
            raise ChildRunningError(
                f"the child {child.spec.id!r} is {child.state.value}; end it with TerminateChild "
                "before DeleteChild"
            )
        self._restarts.forget(child)

    def _escalate(self, request: EscalateChild, child: Child) -> None:
        if child.state is not ChildState.DOWN:
            raise ChildRunningError(
                f"the child {child.spec.id!r} is {child.state.value}; only one that is down can be "
                "escalated"
            )
        self.reply(request, None)
        self._restarts.escalate(child)

    def _is_ready(self, child: Child) -> None:
        self._children.start_is_over(child)
        self._children.change(child, ChildState.RUNNING)
        child.note_ready()
        child.is_kept = self._keeps_children
        for starter in child.take_starters():
            starter.reply(child.cell.ref)

    def _may_be_healthy(self) -> None:
        if self._children.are_healthy():
            self.mark_healthy()


def _require_usable(spec: object, auto_shutdown: AutoShutdown, supervisor: str) -> None:
    if not isinstance(spec, ChildSpec):
        raise ChildSpecError(
            f"{supervisor} takes ChildSpec(id, factory, …) as a child; got {shown(spec)}"
        )
    if spec.significant and auto_shutdown is AutoShutdown.NEVER:
        raise ChildSpecError(
            f"{supervisor} takes significant children only if its auto_shutdown is "
            f"ANY_SIGNIFICANT or ALL_SIGNIFICANT; it is NEVER, and got {spec!r}"
        )
