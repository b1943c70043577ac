"""Small actors and instruments that the tests of the framework share."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

import gevent
from attrs import frozen
from gevent import GreenletExit
from gevent.event import Event as Flag
from gevent.monkey import get_original

from rnd_actors.actors import Actor, ActorRef, ActorSystem, ExitReason, Future, Request
from rnd_actors.supervision import (
    INFINITY,
    Backoff,
    ChildSpec,
    Restart,
    RestartIntensity,
    ShutdownOrder,
    StartChild,
    Supervisor,
)
from tests.processes import PATIENCE_S

SOON = 2.0
"""A time limit, in seconds, that a test runs into on purpose."""

GENEROUS = RestartIntensity(max_restarts=1_000, within=60.0)
QUICK = Backoff(initial=1.0, maximum=2.0, jitter=0.0)

_PATIENCE_S = 3600.0
"""How long, in virtual seconds, a test waits for something that it wants to see."""

T = TypeVar("T")


def let_pass(seconds: float) -> None:
    """Let so much time pass."""
    Flag().wait(seconds)


def while_the_loop_rests(action: Callable[[], object]) -> None:
    """Do it in a thread that gevent has not patched; no timer of this one expires meanwhile."""
    errors, over = list[BaseException](), get_original("_thread", "allocate_lock")()

    def act() -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            over.release()

    over.acquire()
    get_original("_thread", "start_new_thread")(act, ())
    assert over.acquire(timeout=PATIENCE_S)
    if errors:
        raise errors[0]


class BoomError(Exception):
    """What a toy raises when it is told to crash."""


class Record:
    """Things in the order in which they happened; a test can wait for what it needs to see."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._more = Flag()

    def add(self, item: object) -> None:
        self.items.append(item)
        self._more.set()

    def all(self, kind: type[T]) -> list[T]:
        """What has been recorded of this kind up to now."""
        return [item for item in self.items if isinstance(item, kind)]

    def expect(self, kind: type[T], count: int = 1) -> T:
        """Wait for the `count`-th item of this kind and return it."""
        self._wait(lambda: len(self.all(kind)) >= count, f"{count} x {kind.__name__}")
        return self.all(kind)[count - 1]

    def until(self, item: object, count: int = 1) -> None:
        """Wait until an item equal to this one has been recorded `count` times."""
        self._wait(lambda: self.items.count(item) >= count, f"{count} x {item!r}")

    def _wait(self, seen: Callable[[], bool], what: str) -> None:
        with gevent.Timeout(_PATIENCE_S, AssertionError(f"no {what} in {self.items}")):
            while not seen():
                self._more.clear()
                self._more.wait()


class Gate:
    """Holds whoever passes through it until the test opens it."""

    def __init__(self) -> None:
        self._entered = Flag()
        self._open = Flag()

    def pass_through(self, _: object = None) -> None:
        self._entered.set()
        self._open.wait()

    def await_entry(self) -> None:
        self._entered.wait()

    def open(self) -> None:
        self._open.set()


@frozen
class Note:
    """A message that is written down and nothing else."""

    number: int


@frozen
class Do:
    """A message that says what to do."""

    action: "Action"


@frozen
class Ask(Request[Any]):
    """A request that is answered with the outcome of `action`."""

    action: "Action"


@frozen
class Began:
    """In a puppet's diary: its `on_start` was called."""

    name: str
    incarnation: int


@frozen
class Ended:
    """In a puppet's diary: its `on_stop` was called."""

    name: str
    incarnation: int
    reason: ExitReason


class Puppet(Actor[Any]):
    """Does what its messages say and keeps a diary of its life."""

    def __init__(
        self,
        diary: Record | None = None,
        *,
        at_start: "Action | None" = None,
        at_stop: "Action | None" = None,
    ) -> None:
        self.diary = diary or Record()
        self._at_start = at_start or nothing
        self._at_stop = at_stop or nothing

    def on_start(self) -> None:
        self.diary.add(Began(self.ref.name, self.incarnation))
        self._at_start(self)

    def receive(self, message: object) -> None:
        match message:
            case Do(action):
                action(self)
            case Ask(action):
                self.reply(message, action(self))
            case _:
                self.diary.add(message)

    def on_stop(self, reason: ExitReason) -> None:
        self.diary.add(Ended(self.ref.name, self.incarnation, reason))
        self._at_stop(self)


Action: TypeAlias = Callable[[Puppet], object]


def nothing(_: Puppet) -> None:
    """The action of a puppet that has nothing to do."""


def crash(_: object = None) -> None:
    """The action of a puppet that fails."""
    raise BoomError("as told")


def hang(_: object = None) -> None:
    """The action of a puppet that never returns."""
    Flag().wait()


def busy_for(seconds: float) -> "Action":
    """The action of a puppet that takes so long, whatever happens meanwhile but a kill."""
    return lambda _: Flag().wait(seconds)


def in_turn(*actions: Action) -> Action:
    """The action of a puppet that does one thing after the other."""

    def act(puppet: Puppet) -> None:
        for action in actions:
            action(puppet)

    return act


def swallow_kills(gate: Gate, times: int) -> Action:
    """The action of a puppet that must be killed `times` times until it waits no more."""

    def act(puppet: Puppet) -> None:
        for _ in range(times):
            try:
                gate.pass_through()
            except GreenletExit:
                puppet.diary.add("not dead yet")

    return act


def end_yourself(_: object = None) -> None:
    """The action of a puppet that ends as if it were killed."""
    raise GreenletExit


def kill_yourself(puppet: Puppet) -> None:
    """The action of a puppet whose greenlet is killed in the middle of a message."""
    kill(puppet.ref)
    hang()


def kill(ref: ActorRef[Any]) -> None:
    """Kill the greenlet that the actor is, and do not wait for its end."""
    gevent.kill(greenlet_of(ref))


def settle(ref: ActorRef[Any]) -> None:
    """Return when the puppet has handled everything that it was told before."""
    ref.ask(Ask(nothing), timeout=None)


def puppet(
    name: str,
    diary: Record | None = None,
    *,
    at_start: Action = nothing,
    at_stop: Action = nothing,
    **options: Any,
) -> ChildSpec:
    """The spec of a puppet; `options` are further fields of `ChildSpec`."""
    diary = diary or Record()
    return ChildSpec(name, lambda: Puppet(diary, at_start=at_start, at_stop=at_stop), **options)


def supervise(
    system: ActorSystem,
    children: Iterable[ChildSpec] = (),
    *,
    intensity: RestartIntensity = GENEROUS,
    backoff: Backoff = QUICK,
    order: ShutdownOrder = ShutdownOrder.REVERSE,
    restart: Restart = Restart.TEMPORARY,
    shutdown: float = INFINITY,
) -> ActorRef[Any]:
    """Start a supervisor below the system's own; it is not restarted if it fails."""
    specs = tuple(children)

    def make() -> Supervisor:
        return Supervisor(specs, intensity=intensity, backoff=backoff, shutdown_order=order)

    return system.start(ChildSpec("team", make, restart=restart, shutdown=shutdown))


def start(supervisor: ActorRef[Any], spec: ChildSpec) -> ActorRef[Any]:
    """Add a child to a supervisor."""
    return supervisor.ask(StartChild(spec), timeout=None)


def start_soon(where: ActorSystem | ActorRef[Any], spec: ChildSpec) -> Future[ActorRef[Any]]:
    """Add a child to a system or a supervisor, and do not wait until it has started."""
    supervisor = where.root if isinstance(where, ActorSystem) else where
    return supervisor.ask_future(StartChild(spec))


def found(system: ActorSystem, name: str) -> ActorRef[Any]:
    """The actor with this name, which may still be starting."""
    ref = system.find(name)
    assert ref is not None, f"there is no {name}"
    return ref


def greenlet_of(ref: ActorRef[Any]) -> Any:
    """The greenlet of the present incarnation of an actor that is not down."""
    cell: Any = ref._cell
    assert cell.greenlet is not None, f"{ref.name} is down"
    return cell.greenlet


def is_down(ref: ActorRef[Any]) -> bool:
    """Whether no incarnation of the actor lives."""
    cell: Any = ref._cell
    return cell.greenlet is None


def balance(ref: ActorRef[Any]) -> tuple[int, int]:
    """How many messages an actor was told, and in how many places they are; they must be equal."""
    stats = ref.stats()
    in_hand = not is_down(ref) and greenlet_of(ref).handling.is_busy()
    places = (
        stats.handled + stats.failed + stats.dead + stats.refused + stats.stashed + stats.mailbox
    )
    return stats.told, places + int(in_hand)
