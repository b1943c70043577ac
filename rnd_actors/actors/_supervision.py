"""Child specs, and the messages to and from supervisors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeAlias

from attrs import Attribute, field, fields, frozen

from rnd_actors._printing import shown
from rnd_actors._validators import Validator, accepts, member, optional, time_limit
from rnd_actors.actors._incarnation import FAILURES, Crashed, ExitReason
from rnd_actors.actors._policy import Directive, Overflow, Restart
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Request
from rnd_actors.errors import ChildSpecError, SettingsError

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from rnd_actors.actors._actor import Actor

    M = TypeVar("M", default=Any)
else:
    from typing import TypeVar

    M = TypeVar("M")

R = TypeVar("R")

INFINITY: Final = float("inf")
"""A time limit that never ends; meant for children that are supervisors themselves."""

BRUTAL_KILL: Final = 0.0
"""The time limit of a child that is killed without being asked to stop."""


def _checked(validator: Validator) -> Any:
    """Make a validator name the child in its error."""

    def validate(spec: ChildSpec, attribute: Attribute[Any], value: object) -> None:
        if value is attribute.default:
            return
        try:
            validator(spec, attribute, value)
        except SettingsError as error:
            raise ChildSpecError(f"ChildSpec({shown(spec.id)}): {error}") from None

    return validate


_is_capacity = accepts("None or a whole number >= 1", lambda x: type(x) is int and x >= 1)
_is_flag = accepts("True or False", lambda value: type(value) is bool)
_is_mapping_of_errors = accepts(
    "a dict from classes of exceptions to members of Directive",
    lambda value: (
        isinstance(value, Mapping)
        and all(
            isinstance(key, type) and issubclass(key, BaseException) and isinstance(each, Directive)
            for key, each in value.items()
        )
    ),
)
_is_name = accepts(
    "a name without /", lambda value: isinstance(value, str) and value != "" and "/" not in value
)


@frozen
class ChildSpec(Generic[M]):
    """How to make a child, when to restart it and how to end it.

    Type checkers read the type of its messages from the factory: `ChildSpec[Add]`. In annotations,
    `ChildSpec` alone is the spec of any actor: `list[ChildSpec]` for several kinds of children.

    Args:
        id: unique among the supervisor's children; no `/`, which separates levels in names.
        factory: makes a fresh, unstarted instance for each incarnation.
        restart: when to restart it.
        significant: whether its end for good may end the supervisor (`AutoShutdown`); not for
            children that are always restarted.
        shutdown: seconds to stop in before it is killed; `BRUTAL_KILL` and `INFINITY` are accepted.
            None: 10 s, and `INFINITY` for a supervisor, whose children have limits.
        drain: whether it handles the messages in its mailbox before its supervisor stops it.
        capacity: how many messages its mailbox holds; None: no limit.
        overflow: what happens to messages beyond the capacity.
        decider: the actor that decides on restarts; for `Restart.DELEGATED` and for no other.
        on: what follows a crash with an error of a class, before `restart` is asked; of several
            classes the most special one counts. None: `restart` alone decides. Not if DELEGATED.

    Raises:
        ChildSpecError: a field is not of its accepted form.

    Example:
        >>> from rnd_actors import Actor, ChildSpec, Restart
        >>> ChildSpec("cache", Actor, restart=Restart.TRANSIENT, shutdown=0.5)
        ChildSpec('cache', Actor, restart=Restart.TRANSIENT, shutdown=0.5)
    """

    id: str = field(validator=_checked(_is_name))
    factory: Callable[[], Actor[M]] = field(
        validator=_checked(accepts("a callable that makes the actor", callable))
    )
    restart: Restart = field(default=Restart.PERMANENT, validator=_checked(member(Restart)))
    significant: bool = field(default=False, validator=_checked(_is_flag))
    shutdown: float | None = field(default=None, validator=_checked(optional(time_limit)))
    drain: bool = field(default=False, validator=_checked(_is_flag))
    capacity: int | None = field(default=None, validator=_checked(optional(_is_capacity)))
    overflow: Overflow = field(default=Overflow.BLOCK, validator=_checked(member(Overflow)))
    decider: ActorRef[Delegated] | None = field(default=None)
    on: Mapping[type[BaseException], Directive] | None = field(
        default=None, validator=_checked(optional(_is_mapping_of_errors)), hash=False
    )

    def __attrs_post_init__(self) -> None:
        if self.significant and self.restart not in (Restart.TRANSIENT, Restart.TEMPORARY):
            raise self._objection("significant", "True for TRANSIENT or TEMPORARY children")
        is_delegated = self.restart is Restart.DELEGATED
        if is_delegated != isinstance(self.decider, ActorRef) or not (
            is_delegated or self.decider is None
        ):
            raise self._objection("decider", "a ref if DELEGATED, else None")
        if is_delegated and self.on is not None:
            raise self._objection("on", "None if DELEGATED, since the decider decides")

    def directive(self, reason: ExitReason) -> Directive | None:
        """Return what follows an end for this reason; None: its decider decides."""
        if self.on is not None and isinstance(reason, Crashed):
            for cls in type(reason.error).__mro__:
                if cls in self.on:
                    return self.on[cls]
        if self.restart is Restart.DELEGATED:
            return None
        is_restarted = self.restart is Restart.PERMANENT or (
            self.restart is Restart.TRANSIENT and isinstance(reason, FAILURES)
        )
        return Directive.RESTART if is_restarted else Directive.STOP

    def _objection(self, name: str, form: str) -> ChildSpecError:
        got = shown(getattr(self, name))
        return ChildSpecError(f"ChildSpec({self.id!r}): {name} takes {form}; got {got}")

    def __repr__(self) -> str:
        factory = getattr(self.factory, "__qualname__", repr(self.factory))
        others = [
            f"{each.name}={value}"
            for each in fields(ChildSpec)[2:]
            if (value := getattr(self, each.name)) != each.default
        ]
        return f"ChildSpec({', '.join((repr(self.id), factory, *others))})"


class ChildState(Enum):
    """Where a child of a supervisor is in its life."""

    WAITING = "waiting"
    """It starts when those before it have started."""
    STARTING = "starting"
    """Its `on_start` runs."""
    RUNNING = "running"
    BACKOFF = "backoff"
    """It is down, and starts when its delay is over."""
    DOWN = "down"
    """It is down; its decider has not answered."""
    TERMINATED = "terminated"
    """It has ended for good; only `RestartChild` brings it back."""


@frozen
class _Patient(Request[R]):
    """A request to a supervisor, which may have to wait for its children."""

    ask_timeout: ClassVar[float | None] = None


@frozen
class StartChild(_Patient[ActorRef[M]]):
    """Add a child as the last one; the answer, its ref, comes when it has started.

    It starts after those that are starting, unless one of them waits for this answer in `on_start`.
    If the first start fails, the child is not kept, and `ask` raises the child's error. Told, not
    asked, the child is like one of the first: a failed start is treated like any other crash. With
    `or_get`, a child that has this id already is the answer, started again if it was terminated.

    Raises:
        ChildSpecError: it is no `ChildSpec`.
        DuplicateChildError: there is a child with this id already.
        TooManyChildrenError: there are `max_children` already.
        StartCycleError: with `or_get`: the child waits in its `on_start` for who asks.
    """

    spec: ChildSpec[M]
    or_get: bool = False


@frozen
class RestartChild(_Patient[ActorRef[Any]]):
    """Start a child again if it is down or terminated; the answer is its ref.

    After `ChildDown` the answer comes at once, and the start with backoff and on the child's
    intensity. A terminated child gets a new ref, since the old one has died with it, and the answer
    comes when it has started. If its start fails, `ask` raises the child's error, and the child
    stays terminated. Told, not asked, it becomes a dead letter if it cannot be done.

    Raises:
        UnknownChildError: there is no such child.
        ChildRunningError: it is not down.
    """

    child_id: str


@frozen
class TerminateChild(_Patient[None]):
    """End a child, within its time limit; the spec stays, unless the child is TEMPORARY.

    Raises:
        UnknownChildError: there is no such child.
    """

    child_id: str


@frozen
class DeleteChild(_Patient[None]):
    """Forget a child, which must be down or terminated.

    Raises:
        UnknownChildError: there is no such child.
        ChildRunningError: it is not down.
    """

    child_id: str


@frozen
class EscalateChild(_Patient[None]):
    """Fail with the error of a child that is down; for deciders that do not want to decide.

    Raises:
        UnknownChildError: there is no such child.
        ChildRunningError: it is not down.
    """

    child_id: str


@frozen
class ChildInfo:
    """One child, in the answer to `WhichChildren`."""

    id: str
    ref: ActorRef[Any]
    state: ChildState
    incarnation: int
    kind: str
    """The name of the actor's class; empty while it is down."""
    spec: ChildSpec


@frozen
class WhichChildren(_Patient[tuple[ChildInfo, ...]]):
    """Ask for all children, in start order."""


@frozen
class ChildCounts:
    """The answer to `CountChildren`, much like Erlang's `count_children`."""

    specs: int
    """Children, dead or alive."""
    active: int
    """Children that are starting or running."""
    supervisors: int
    """Active children that are supervisors."""
    workers: int
    """Other active children."""


@frozen
class CountChildren(_Patient[ChildCounts]):
    """Ask how many children there are."""


@frozen
class ShutDown:
    """Let a supervisor end all its children, in order and in time, and then itself.

    If its own spec is PERMANENT, its supervisor starts it again; TRANSIENT and TEMPORARY are not.
    """


SupervisorMessage: TypeAlias = (
    StartChild
    | RestartChild
    | TerminateChild
    | DeleteChild
    | EscalateChild
    | WhichChildren
    | CountChildren
    | ShutDown
)
"""All messages to supervisors: `ActorRef[SupervisorMessage]`."""


class SupervisorCommand(ABC):
    """A message to a supervisor that carries itself out; the rooms above have some."""

    __slots__ = ()

    @abstractmethod
    def carry_out(self, supervisor: Any) -> None:
        """Do it, in the greenlet of the supervisor; a `SupervisionError` makes it a dead letter."""


@frozen
class ChildUp:
    """To the decider of a DELEGATED child: an incarnation of the child is about to start."""

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    incarnation: int
    ref: ActorRef[Any] = field(default=None, eq=False, kw_only=True)
    """Of the child."""


@frozen
class ChildDown:
    """To the decider: an incarnation of the child is over; all its messages came before this.

    It answers the supervisor with `RestartChild`, `TerminateChild`, `EscalateChild`, or not at all.

    Example:
        >>> from rnd_actors import Actor, Crashed
        >>> from rnd_actors.supervision import ChildDown, Delegated, RestartChild
        >>> class Decider(Actor[Delegated]):
        ...     def receive(self, message: Delegated) -> None:
        ...         match message:
        ...             case ChildDown(supervisor, child_id, reason=Crashed()):
        ...                 supervisor.tell(RestartChild(child_id))
    """

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    incarnation: int
    reason: ExitReason
    ref: ActorRef[Any] = field(default=None, eq=False, kw_only=True)
    """Of the child."""


@frozen
class ChildGivenUp:
    """To the decider: the child's restart intensity is exceeded, so it stays down for good."""

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    reason: ExitReason
    ref: ActorRef[Any] = field(default=None, eq=False, kw_only=True)
    """Of the child."""


Delegated: TypeAlias = ChildUp | ChildDown | ChildGivenUp
"""All messages to the decider of a DELEGATED child: `Actor[Delegated]`."""
