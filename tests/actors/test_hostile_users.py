"""Whatever users' objects do, no actor is wedged, nothing is lost, and nobody else is met."""

import logging
import time
import weakref
from collections.abc import Iterator
from typing import Any, Never

import gevent
import pytest
from attrs import define, field
from gevent import GreenletExit
from gevent.event import Event as Flag

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Crashed, Killed, Normal, Request
from rnd_actors.errors import AskTimeoutError
from rnd_actors.events import ActorFailed, ActorStuck, DeadLetter, Event, MessageFailed
from rnd_actors.routing import Broadcast, ConsistentHash, RoundRobin, Router
from rnd_actors.supervision import (
    ChildSpec,
    CountChildren,
    Restart,
    ShutdownOrder,
    Strategy,
    Supervisor,
)
from tests.actors.toys import (
    SOON,
    Ask,
    Began,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    crash,
    found,
    greenlet_of,
    in_turn,
    let_pass,
    puppet,
    settle,
    start,
    supervise,
    swallow_kills,
)
from tests.actors.toys_supervision import running, team, up


class Gone:
    """What weak proxies lead to until it is gone."""


class Elusive:
    """Has no class that anybody could look at."""

    def __getattribute__(self, name: str) -> Any:
        raise BoomError


def dead_proxy() -> object:
    return weakref.proxy(Gone())


@pytest.mark.parametrize("make", [dead_proxy, Elusive])
def test_messages_that_cannot_be_looked_at_end_as_others_do(system: ActorSystem, make: Any) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(make())
    ref.tell(Note(1))
    ref.stop()
    gate.open()
    assert ref.join() == Normal()
    assert balance(ref) == (3, 3)
    assert system.root.is_alive


def test_a_message_that_cannot_be_looked_at_fails_in_the_actor(system: ActorSystem) -> None:
    class Picky(Actor[int]):
        def receive(self, message: int) -> None:
            """Never called."""

    ref: ActorRef[Any] = system.start(ChildSpec("picky", Picky))
    ref.tell(Elusive())
    let_pass(1.0)
    assert balance(ref) == (1, 1)
    assert ref.is_alive


class Mute:
    def __repr__(self) -> str:
        raise gevent.GreenletExit


def test_a_message_whose_repr_ends_greenlets_is_a_dead_letter(system: ActorSystem) -> None:
    class Picky(Actor[int]):
        def receive(self, message: int) -> None:
            """Never called."""

    ref: ActorRef[Any] = system.start(ChildSpec("picky", Picky))
    ref.tell(Mute())
    let_pass(1.0)
    assert (ref.stats().dead, greenlet_of(ref).number) == (1, 1)


@pytest.fixture(params=[BoomError, GreenletExit])
def broken_log(request: pytest.FixtureRequest) -> Iterator[None]:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise request.param

    logger, handler = logging.getLogger("rnd_actors"), Broken()
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


@pytest.mark.usefixtures("broken_log")
@pytest.mark.parametrize("to", [ActorFailed, MessageFailed])
def test_a_log_that_raises_keeps_no_actor_down(system: ActorSystem, to: type[Event]) -> None:
    def fail(event: Event) -> None:
        raise BoomError

    reported = Record()
    system.events.subscribe(reported.add, to)
    system.events.subscribe(fail, to)
    ref = system.start(puppet("puppet"))
    ref.tell(Do(crash))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2
    assert len(reported.items) == 1


def test_an_actor_that_was_stuck_in_its_start_serves_no_more(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()

    def get_stuck(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            swallow_kills(gate, times=3)(puppet)

    children = [
        puppet("a", diary),
        puppet("b", diary, at_start=get_stuck, shutdown=SOON),
    ]
    boss = team(system, children, strategy=Strategy.ONE_FOR_ALL)
    gate.await_entry()
    stuck = greenlet_of(found(system, "team/b"))
    found(system, "team/a").tell(Do(crash))
    up(diary, "team/b", 2)
    gate.open()
    stuck.join(SOON)
    assert stuck.dead
    ref = running(boss)["b"]
    for _ in range(3):
        assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_an_actor_that_was_stuck_when_a_timer_rang_serves_no_more(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()

    def set_timer(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            puppet.set_timer("tick", 1.0, Do(in_turn(swallow_kills(gate, 2), gate.pass_through)))

    children = [
        puppet("a", diary),
        puppet("b", diary, at_start=set_timer, shutdown=SOON),
    ]
    boss = team(system, children, strategy=Strategy.ONE_FOR_ALL)
    gate.await_entry()
    stuck = greenlet_of(found(system, "team/b"))
    found(system, "team/a").tell(Do(crash))
    up(diary, "team/b", 2)
    ref = running(boss)["b"]
    gate.open()
    ref.tell(Note(1))
    stuck.join(SOON)
    assert stuck.dead
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_what_a_stuck_actor_had_stashed_goes_to_the_next_one(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()

    class Keeper(Puppet):
        def receive(self, message: object) -> None:
            if isinstance(message, Note) and self.incarnation == 1:
                self.stash()
            else:
                super().receive(message)

    keeper = ChildSpec("b", lambda: Keeper(diary), shutdown=SOON)
    boss = team(system, [puppet("a", diary), keeper], strategy=Strategy.ONE_FOR_ALL)
    refs = running(boss)
    refs["b"].tell(Note(1))
    refs["b"].tell(Do(swallow_kills(gate, times=3)))
    gate.await_entry()
    refs["a"].tell(Do(crash))
    up(diary, "team/b", 2)
    diary.until(Note(1))
    told, places = balance(refs["b"])
    assert told == places
    gate.open()
    let_pass(1.0)
    assert diary.items.count(Note(1)) == 1


def test_a_stop_that_came_as_the_work_failed_holds_for_the_next_incarnation(
    system: ActorSystem,
) -> None:
    runs = []

    class Worker(Actor[Never]):
        def run(self) -> None:
            runs.append(self.incarnation)
            self.ref.stop()
            if self.incarnation == 1:
                raise BoomError
            Flag().wait()

    ref = system.start(ChildSpec("worker", Worker, restart=Restart.TRANSIENT))
    assert ref.join() == Normal()


def test_the_figures_balance_while_a_drained_actor_winds_down(system: ActorSystem) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", at_stop=gate.pass_through, restart=Restart.TEMPORARY))
    ref.drain()
    gate.await_entry()
    assert ref.stats().mailbox == 0
    gate.open()


def test_the_figures_balance_while_a_drained_worker_winds_down(system: ActorSystem) -> None:
    waiting = list[int]()

    class Worker(Actor[Never]):
        def run(self) -> None:
            Flag().wait()

        def on_stop(self, reason: Any) -> None:
            waiting.append(self.ref.stats().mailbox)

    ref = system.start(ChildSpec("worker", Worker, restart=Restart.TEMPORARY))
    ref.drain()
    ref.join()
    assert waiting == [0]


def test_an_ask_that_was_given_up_before_it_was_deferred_is_not_owed(system: ActorSystem) -> None:
    gate = Gate()

    class Lazy(Actor[Request[int] | Do]):
        def receive(self, message: Request[int] | Do) -> None:
            if isinstance(message, Do):
                gate.pass_through()
            else:
                self.defer(message)
                deferred.append(message)

    deferred: list[Any] = []
    ref: ActorRef[Any] = system.start(ChildSpec("lazy", Lazy))
    ref.tell(Do(crash))
    gate.await_entry()
    with pytest.raises(AskTimeoutError):
        ref.ask(Request(), timeout=0.1)
    gate.open()
    let_pass(1.0)
    assert len(deferred) == 1
    assert not greenlet_of(ref).handling._deferred


@define
class PreciseError(Exception):
    code: int
    detail: str = field(init=False, default="")


class SlottedError(Exception):
    __slots__ = ("code",)


class CountedError(Exception):
    made = 0

    def __init__(self, name: str) -> None:
        super().__init__(f"no {name}")
        self.name = name
        CountedError.made += 1


class PairError(Exception):
    """Is made of more than it keeps."""

    def __new__(cls, code: int, detail: str) -> "PairError":
        return super().__new__(cls)

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(code)
        self.detail = detail


class ForgetfulError(Exception):
    """Takes its arguments when it is initialised, and not before."""

    def __new__(cls, *_: object) -> "ForgetfulError":
        return super().__new__(cls)

    def __str__(self) -> str:
        return "forgotten"


def precise() -> Exception:
    error = PreciseError(7)
    error.detail = "late"
    return error


def slotted() -> Exception:
    error: Any = SlottedError("x")
    error.code = 9
    raised: Exception = error
    return raised


@pytest.mark.parametrize(
    ("make", "attributes"),
    [
        (lambda: NameError("no x", name="x"), ["name"]),
        (lambda: AttributeError("no x", name="x", obj=5), ["name", "obj"]),
        (precise, ["code", "detail"]),
        (slotted, ["code"]),
        (lambda: CountedError("page"), ["name"]),
        (lambda: PairError(7, "late"), ["args", "detail"]),
        (lambda: ForgetfulError(7), ["args"]),
        (lambda: FileNotFoundError(2, "none", "a.csv"), ["errno", "filename"]),
    ],
)
def test_an_error_comes_out_of_ask_with_all_that_it_says(
    system: ActorSystem, make: Any, attributes: list[str]
) -> None:
    error = make()
    made = CountedError.made

    def fail(_: Puppet) -> None:
        raise error

    ref = system.start(puppet("puppet"))
    with pytest.raises(type(error)) as caught:
        ref.ask(Ask(fail))
    assert str(caught.value) == str(error)
    for name in attributes:
        assert getattr(caught.value, name) == getattr(error, name)
    assert CountedError.made == made


class FrozenError(Exception):
    """An error that takes no note."""

    def add_note(self, note: str, /) -> None:
        raise TypeError(note)


def test_an_error_that_takes_no_note_stays_the_reason(system: ActorSystem) -> None:
    def fail(_: Puppet) -> None:
        raise FrozenError

    ref = system.start(puppet("puppet", at_stop=crash, restart=Restart.TEMPORARY))
    ref.tell(Do(fail))
    assert ref.join() == Crashed(FrozenError())


@pytest.mark.parametrize("interrupt", [gevent.Timeout, KeyboardInterrupt])
def test_a_supervisor_whose_end_is_interrupted_leaves_no_child(
    system: ActorSystem, diary: Record, interrupt: type[BaseException]
) -> None:
    class Impatient(Supervisor):
        def on_stop(self, reason: Any) -> None:
            timer: Any = gevent.get_hub().loop.timer(0.1)
            timer.start(gevent.getcurrent().throw, interrupt)
            try:
                super().on_stop(reason)
            except interrupt:
                diary.add("interrupted")

    specs = [puppet(name, at_stop=lambda _: let_pass(1.0)) for name in "ab"]
    boss = system.start(ChildSpec("boss", lambda: Impatient(specs), restart=Restart.TEMPORARY))
    refs = running(boss)
    boss.stop()
    boss.join()
    assert "interrupted" in diary.items
    assert not any(ref.is_alive for ref in refs.values())


def test_in_parallel_stuck_children_are_left_together(system: ActorSystem, events: Record) -> None:
    gates = [Gate() for _ in range(4)]
    specs = [puppet(str(number), shutdown=0.5) for number in range(4)]
    boss = supervise(system, specs, order=ShutdownOrder.PARALLEL)
    for ref, gate in zip(running(boss).values(), gates, strict=True):
        ref.tell(Do(swallow_kills(gate, times=3)))
        gate.await_entry()
    stopped_at = time.monotonic()
    boss.stop()
    boss.join()
    assert time.monotonic() - stopped_at == 0.5 + 2 * 1.0
    assert events.all(ActorStuck) == [ActorStuck(f"team/{number}") for number in range(4)]
    for gate in gates:
        gate.open()


def await_restart(boss: ActorRef[Any]) -> None:
    """Stop a supervisor, and return when its children have ended and it is not up again."""
    cell: Any = boss._cell
    boss.stop()
    while cell.children is not None:
        gevent.sleep(0)


def test_a_pool_that_restarts_is_not_stopped_by_a_routing_that_raises(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    boss = supervise(system, [puppet("1", diary)], restart=Restart.PERMANENT)
    running(boss)
    router = Router.over_children(boss, ConsistentHash(lambda message: message["key"]))
    await_restart(boss)
    router.tell({})
    assert "the routing failed: KeyError" in events.expect(DeadLetter).why
    settle(running(boss)["1"])
    assert diary.items.count(Began("team/1", 1)) == 2


def test_what_waits_for_a_pool_that_restarts_without_children_is_a_dead_letter(
    system: ActorSystem, events: Record
) -> None:
    boss = supervise(system, restart=Restart.PERMANENT)
    start(boss, puppet("added"))
    router = Router.over_children(boss, Broadcast())
    await_restart(boss)
    router.tell(Note(1))
    letter = events.expect(DeadLetter)
    assert letter.why == "team has no children to choose from"


def test_what_waits_for_a_pool_never_holds_up_its_supervisor(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()

    def start_slowly(_: Puppet) -> None:
        if diary.items.count(Began("team/1", 1)) > 1:
            gate.pass_through()

    child = puppet("1", diary, at_start=start_slowly, capacity=1)
    boss = supervise(system, [child], restart=Restart.PERMANENT)
    running(boss)
    router = Router.over_children(boss, RoundRobin())
    await_restart(boss)
    for number in range(5):
        router.tell(Note(number))
    gate.await_entry()
    assert boss.ask(CountChildren(), timeout=SOON).specs == 1
    gate.open()
    settle(running(boss)["1"])
    assert diary.all(Note) == [Note(number) for number in range(5)]


def test_a_start_in_a_greenlet_that_on_start_waits_for_does_not_wait_for_itself(
    system: ActorSystem,
) -> None:
    def start_other(_: Puppet) -> None:
        gevent.spawn(system.start, puppet("other")).join()

    system.start(puppet("one", at_start=start_other))
    assert system.find("other") is not None


def test_a_system_that_is_entered_again_counts_each_dead_letter_once() -> None:
    system = ActorSystem()
    for entered in (1, 2):
        with system:
            ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
            ref.stop()
            ref.join()
            ref.tell(Note(1))
        assert system.dead_letters == entered


def test_killed_before_it_begins_an_actor_is_reported_once(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    greenlet_of(ref).kill(block=False)
    greenlet_of(ref).kill(block=False)
    assert ref.join() == Killed()
