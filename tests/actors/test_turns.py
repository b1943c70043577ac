"""Turns: who goes on next in real time, where one sleeping greenlet hands over to another."""

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Literal
from weakref import WeakSet

import gevent
import greenlet
import pytest
from attrs import frozen
from gevent import GreenletExit
from gevent.event import Event as Flag
from gevent.exceptions import BlockingSwitchOutError
from gevent.monkey import get_original
from gevent.socket import socketpair

from rnd_actors.actors import (
    Actor,
    ActorFailed,
    ActorRef,
    ActorStarted,
    ActorSystem,
    ChildSpec,
    Deferred,
    Future,
    Killed,
    Request,
    Restart,
)
from rnd_actors.actors import _turns as turns_module
from rnd_actors.actors._sleeper import Sleeper
from rnd_actors.actors._turns import Turns, current_turns
from rnd_actors.errors import ActorCrashedError, AskTimeoutError, DeadlockError
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    in_turn,
    kill,
    nothing,
    puppet,
    settle,
)

_GIVE_UP_S = 5.0
"""Where others starve, a rally ends after that time: then the test fails and does not hang."""
_AGES_S = 60.0
"""In a row, so that the loop has no turn as long as anybody else has one."""


@pytest.fixture
def virtual_time() -> None:
    """Leave time as it is: a simulation has turns of its own."""


@pytest.fixture(autouse=True)
def no_more_turns_in_a_row() -> Iterator[None]:
    """Let the loop have its turn soon in the tests that follow."""
    yield
    current_turns()._until = 0.0


@pytest.fixture
def hub_errors(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What reaches the hub, which would print it."""
    errors: list[object] = []

    def handle_error(context: object, kind: object, value: object, traceback: object) -> None:
        errors.append(value)

    monkeypatch.setattr(gevent.get_hub(), "handle_error", handle_error)
    return errors


@pytest.fixture(params=["by the loop", "in a row"])
def many_in_a_row(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be few or many turns until that of the loop, however fast this machine is."""
    if request.param == "in a row":
        monkeypatch.setattr(turns_module, "_IN_A_ROW_S", _AGES_S)


@frozen
class Ball:
    """What two players throw to each other."""


class Player(Actor[Ball]):
    """Throws each ball back."""

    def __init__(self, rally: "Rally") -> None:
        self._rally = rally

    def receive(self, message: Ball) -> None:
        self._rally.throw_back(self.ref)


class Rally:
    """Two actors that keep the thread busy until the test has seen what it wants to see."""

    def __init__(self, system: ActorSystem) -> None:
        self.throws = 0
        self.is_on = True
        self._give_up_at = time.monotonic() + _GIVE_UP_S
        make = lambda: Player(self)  # noqa: E731
        number = len(system._root.children)
        self._players = [system.start(ChildSpec(f"{x}{number}", make)) for x in ("ping", "pong")]
        self._at: dict[int, Callable[[], object]] = {}
        self._players[0].tell(Ball())

    def at(self, throw: int, action: Callable[[], object]) -> None:
        """Let a player do something in the midst of it."""
        self._at[throw] = action

    def throw_back(self, player: ActorRef[Ball]) -> None:
        self.throws += 1
        self.is_on = self.is_on and time.monotonic() < self._give_up_at
        if action := self._at.pop(self.throws, None):
            action()
        if self.is_on:
            self._players[player == self._players[0]].tell(Ball())

    def end(self) -> None:
        self.is_on = False


@pytest.fixture
def rally(system: ActorSystem) -> Iterator[Rally]:
    rally = Rally(system)
    yield rally
    rally.end()


class Add(Request[int]):
    """A request to count one more."""


class Counter(Actor[Add]):
    def __init__(self) -> None:
        self._count = 0

    def receive(self, message: Add) -> None:
        self._count += 1
        self.reply(message, self._count)


class Debtor(Actor[Request[Any]]):
    """Owes an answer until the test gives it."""

    def __init__(self, owed: list[Deferred[Any]]) -> None:
        self._owed = owed

    def receive(self, message: Request[Any]) -> None:
        self._owed.append(self.defer(message))


class Promise:
    """A future, and the way to give it its answer."""

    def __init__(self, system: ActorSystem, name: str = "debtor") -> None:
        owed: list[Deferred[Any]] = []
        debtor = system.start(ChildSpec(name, lambda: Debtor(owed)))
        self.future: Future[Any] = debtor.ask_future(Add())
        while not owed:
            gevent.sleep(0)
        self.keep = owed[0].reply


@pytest.fixture
def promise(system: ActorSystem) -> Promise:
    return Promise(system)


class Asleep:
    """Greenlets that sleep, each until it is woken; it then does something."""

    def __init__(self) -> None:
        self.greenlets: list[gevent.Greenlet[..., Any]] = []
        self.sleepers: list[Sleeper] = []

    def add(self, action: Callable[[], object]) -> int:
        """Let one more go to sleep; return its number."""
        falls_asleep = Flag()

        def sleep() -> None:
            sleeper = Sleeper()
            self.sleepers.append(sleeper)
            falls_asleep.set()
            sleeper.sleep(time.monotonic(), None)
            action()

        self.greenlets.append(gevent.spawn(sleep))
        falls_asleep.wait()
        return len(self.sleepers) - 1

    def wake(self, number: int) -> None:
        self.sleepers[number].wake()

    def await_all(self) -> None:
        gevent.joinall(self.greenlets, raise_error=True)


def loop() -> Any:
    """That of this thread."""
    return gevent.get_hub().loop


def spin(seconds: float) -> None:
    """Keep the thread for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@pytest.mark.usefixtures("many_in_a_row")
def test_turns_come_in_the_order_of_waking() -> None:
    asleep, turns = Asleep(), list[int]()
    for number in range(5):
        asleep.add(lambda number=number: turns.append(number))  # type: ignore[misc]
    for number in (3, 0, 4, 2, 1):
        asleep.wake(number)
    assert turns == []
    asleep.await_all()
    assert turns == [3, 0, 4, 2, 1]


@pytest.mark.usefixtures("many_in_a_row")
def test_whoever_is_woken_in_the_turn_of_another_comes_after_those_woken_before() -> None:
    asleep, turns = Asleep(), list[str]()

    def go_on_and_sleep() -> None:
        turns.append("first")
        asleep.wake(late)
        asleep.wake(again)

    late = asleep.add(lambda: turns.append("late"))
    again = asleep.add(lambda: turns.append("again"))
    first = asleep.add(go_on_and_sleep)
    second = asleep.add(lambda: turns.append("second"))
    asleep.wake(first)
    asleep.wake(second)
    asleep.await_all()
    assert turns == ["first", "second", "late", "again"]


@pytest.mark.usefixtures("many_in_a_row")
def test_actors_have_their_turns_in_the_order_in_which_they_were_told(
    system: ActorSystem, diary: Record
) -> None:
    refs = [system.start(puppet(f"puppet {number}", diary)) for number in range(4)]
    for number in (2, 0, 3, 1):
        refs[number].tell(Note(number))
    diary.expect(Note, 4)
    assert [note.number for note in diary.all(Note)] == [2, 0, 3, 1]


def test_a_sleeper_that_is_woken_twice_has_one_turn() -> None:
    asleep, flag, went_on = Asleep(), Flag(), list[bool]()
    number = asleep.add(lambda: went_on.append(flag.wait()))
    asleep.wake(number)
    asleep.wake(number)
    for _ in range(3):
        gevent.sleep(0.001)
    assert went_on == []
    flag.set()
    asleep.await_all()
    assert went_on == [True]


def test_actors_have_their_turns_one_after_the_other_without_any_switch(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "_IN_A_ROW_S", _AGES_S)
    gevent.idle()  # the loop has its turn, and the next turns in a row are many
    rally, switches = Rally(system), list[object]()

    def trace(event: str, between: tuple[object, object]) -> None:
        switches.append(between)

    def end() -> None:
        greenlet.settrace(None)
        rally.end()

    rally.at(10, lambda: greenlet.settrace(trace))
    rally.at(1010, end)
    while rally.is_on:
        gevent.sleep(0)
    assert switches == []


@frozen
class WhichGreenlet(Request[object]):
    """Ask in which greenlet the actor runs."""


class Nomad(Actor[WhichGreenlet | Request[Any]]):
    def receive(self, message: WhichGreenlet | Request[Any]) -> None:
        self.reply(message, gevent.getcurrent())


def test_actors_that_do_not_wait_in_their_turns_share_one_greenlet(system: ActorSystem) -> None:
    nomads = [system.start(ChildSpec(str(number), Nomad)) for number in range(100)]
    assert len({nomad.ask(WhichGreenlet()) for nomad in nomads}) == 1


def test_an_actor_that_waits_in_its_turn_keeps_its_greenlet_to_itself(system: ActorSystem) -> None:
    gate = Gate()
    waiting = system.start(puppet("waiting"))
    its_greenlet = waiting.ask(Ask(lambda _: gevent.getcurrent()))

    def wait(_: Puppet) -> object:
        gate.pass_through()
        return gevent.getcurrent()

    future = waiting.ask_future(Ask(wait))
    gate.await_entry()
    nomads = [system.start(ChildSpec(str(number), Nomad)) for number in range(10)]
    assert its_greenlet not in {nomad.ask(WhichGreenlet()) for nomad in nomads}
    gate.open()
    assert future.get() is its_greenlet


def test_no_greenlet_that_waits_for_turns_keeps_an_actor_alive(system: ActorSystem) -> None:
    gate, alive = Gate(), WeakSet[Puppet]()
    remembered: ContextVar[Puppet | None] = ContextVar("remembered", default=None)

    def remember(puppet: Puppet) -> None:
        alive.add(puppet)
        remembered.set(puppet)

    waiting = system.start(puppet("waiting"))
    waiting.tell(Do(lambda _: gate.pass_through()))
    gate.await_entry()
    other = system.start(puppet("other", restart=Restart.TEMPORARY))
    other.ask(Ask(remember))  # on a second greenlet, which then waits behind that of `waiting`
    gate.open()
    settle(waiting)
    other.stop()
    other.join()
    gc.collect()
    assert len(alive) == 0


def test_the_context_variables_of_an_actor_are_its_own(system: ActorSystem) -> None:
    name = ContextVar("name", default="nobody")
    ann, bob = system.start(puppet("ann")), system.start(puppet("bob"))
    for ref in (ann, bob):
        ref.ask(Ask(lambda puppet: name.set(puppet.ref.name)))
    assert [ref.ask(Ask(lambda _: name.get())) for ref in (ann, bob)] == ["ann", "bob"]
    assert name.get() == "nobody"


def test_an_actor_begins_with_the_context_variables_of_its_supervisor() -> None:
    name = ContextVar("name", default="nobody")
    name.set("main")
    with ActorSystem() as system:
        ref = system.start(puppet("puppet"))
        assert ref.ask(Ask(lambda _: name.get())) == "main"


def test_an_actor_that_is_killed_before_its_first_turn_is_never_made(
    system: ActorSystem, events: Record
) -> None:
    made = list[Actor[Any]]()

    def make() -> Actor[Any]:
        made.append(Nomad())
        return made[-1]

    cell: Any = system.new_cell(ChildSpec("stillborn", make), system._root, system)
    gevent.idle()  # the next turn is given by a callback, which comes after this one
    loop().run_callback(lambda: cell.life._throw(GreenletExit()))
    cell.start()
    cell.await_end(float("inf"))
    assert made == []
    assert events.expect(ActorFailed) == ActorFailed("stillborn", 1, Killed())


def test_a_greenlet_that_goes_to_sleep_hands_over_to_the_next_without_the_hub_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns_module, "_IN_A_ROW_S", _AGES_S)
    sleepers, switches = list[Sleeper](), list[bool]()

    def trace(event: str, between: tuple[object, object]) -> None:
        switches.append(gevent.get_hub() in between)

    def wake_each_other(other: int) -> None:
        sleepers.append(Sleeper())
        me = sleepers[-1]
        me.sleep(time.monotonic(), None)
        for number in range(100):
            if number == 10:
                greenlet.settrace(trace)
            sleepers[other].wake()
            me.sleep(time.monotonic(), None)
        greenlet.settrace(None)
        sleepers[other].wake()

    both = [gevent.spawn(wake_each_other, other) for other in (1, 0)]
    gevent.idle()
    sleepers[0].wake()
    gevent.joinall(both, raise_error=True)
    assert switches.count(True) == 0
    assert len(switches) > 100


def test_all_who_were_woken_have_their_turns_before_the_loop_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns_module, "_IN_A_ROW_S", _AGES_S)
    asleep, turns = Asleep(), list[object]()
    for number in range(3):
        asleep.add(lambda number=number: turns.append(number))  # type: ignore[misc]
    for number in range(3):
        asleep.wake(number)
    loop().run_callback(turns.append, "loop")
    asleep.await_all()
    assert turns == [0, 1, 2, "loop"]


def test_a_rally_does_not_keep_a_timer_waiting(rally: Rally) -> None:
    seen = list[bool]()
    with loop().timer(0.01) as timer:
        timer.start(lambda: seen.append(rally.is_on))
        gevent.sleep(0.02)
    assert seen == [True]
    assert rally.is_on
    assert rally.throws > 0


def test_a_timer_waits_for_the_turns_of_one_round_at_most(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "_IN_A_ROW_S", 0.0001)
    begin, rounds, waited, timer = Turns._begin, list[Turns](), Flag(), loop().timer(0)
    expired = list[int]()

    def count_and_begin(turns: Turns) -> None:
        rounds.append(turns)
        begin(turns)

    def expire() -> None:
        expired.append(len(rounds))
        waited.set()

    def start_timer() -> None:
        rounds.clear()
        timer.start(expire)

    monkeypatch.setattr(Turns, "_begin", count_and_begin)
    rally = Rally(system)
    rally.at(2000, start_timer)
    waited.wait()
    rally.end()
    timer.close()
    assert expired[0] <= 1


def test_a_rally_does_not_keep_a_socket_waiting(rally: Rally) -> None:
    left, right = socketpair()
    with left, right:
        reader = gevent.spawn(lambda: (right.recv(1), rally.is_on))
        rally.at(rally.throws + 1000, lambda: left.send(b"x"))
        assert reader.get() == (b"x", True)


def test_a_rally_does_not_keep_a_greenlet_waiting_that_gives_way(rally: Rally) -> None:
    while rally.throws < 1000:
        gevent.sleep(0)
    assert rally.is_on


def test_a_rally_does_not_keep_an_asker_waiting(system: ActorSystem, rally: Rally) -> None:
    counter = system.start(ChildSpec("counter", Counter))
    assert [counter.ask(Add()) for _ in range(100)] == list(range(1, 101))
    assert rally.is_on


def test_rallies_do_not_keep_each_other_waiting(system: ActorSystem) -> None:
    rallies = [Rally(system) for _ in range(3)]
    while min(rally.throws for rally in rallies) < 100:
        gevent.sleep(0)
    assert all(rally.is_on for rally in rallies)
    assert max(rally.throws for rally in rallies) < 100 * min(rally.throws for rally in rallies)
    for rally in rallies:
        rally.end()


def test_a_greenlet_that_gives_way_for_ever_does_not_keep_actors_waiting(
    system: ActorSystem, rally: Rally
) -> None:
    done = Flag()

    def give_way() -> None:
        while not done.is_set():
            gevent.sleep(0)

    restless = gevent.spawn(give_way)
    counter = system.start(ChildSpec("counter", Counter))
    assert [counter.ask(Add()) for _ in range(100)] == list(range(1, 101))
    assert rally.is_on
    done.set()
    restless.join()


@pytest.mark.parametrize("capacity", [None, 3], ids=["no limit", "bounded"])
@pytest.mark.usefixtures("many_in_a_row")
def test_an_actor_that_is_killed_before_its_turn_is_not_woken_in_its_on_stop(
    system: ActorSystem, diary: Record, events: Record, capacity: int | None
) -> None:
    gate = Gate()
    wait = in_turn(gate.pass_through, lambda puppet: puppet.diary.add("went on"))
    ref = system.start(puppet("victim", diary, at_stop=wait, capacity=capacity))
    other = system.start(puppet("other"))
    settle(ref)
    kill(ref)
    ref.tell(Note(1))
    gate.await_entry()
    settle(other)
    settle(other)
    assert "went on" not in diary.items
    gate.open()
    assert events.expect(ActorFailed).reason == Killed()
    assert "went on" in diary.items
    diary.until(Note(1))


@pytest.mark.usefixtures("many_in_a_row")
def test_an_asker_that_is_killed_before_its_turn_is_not_woken_in_its_next_wait(
    system: ActorSystem, promise: Promise
) -> None:
    gate, other = Gate(), system.start(puppet("other"))

    def ask() -> Literal["went on"]:
        try:
            promise.future.get(None)
        except GreenletExit:
            gate.pass_through()
        return "went on"

    asker = gevent.spawn(ask)
    gevent.sleep(0)
    asker.kill(block=False)
    promise.keep(1)
    gate.await_entry()
    settle(other)
    settle(other)
    assert not asker.ready()
    gate.open()
    assert asker.get() == "went on"


def test_an_asker_whose_time_ends_with_the_answer_is_not_woken_in_its_next_wait(
    system: ActorSystem, promise: Promise
) -> None:
    gate, other, answers = Gate(), system.start(puppet("other")), list[object]()

    def ask() -> None:
        answers.append(promise.future.get(0.02))
        gate.pass_through()

    asker = gevent.spawn(ask)
    gevent.sleep(0)
    with loop().timer(0.021) as timer:
        timer.start(promise.keep, "in time")
        spin(0.04)
        gate.await_entry()
    settle(other)
    settle(other)
    assert not asker.ready()
    gate.open()
    asker.get()
    assert answers == ["in time"]


@pytest.mark.usefixtures("many_in_a_row")
def test_all_who_wait_for_a_future_have_its_answer(promise: Promise) -> None:
    waiting = [gevent.spawn(promise.future.get, None) for _ in range(5)]
    assert not promise.future.is_ready
    gevent.sleep(0)
    promise.keep("here")
    assert [one.get() for one in waiting] == ["here"] * 5
    assert promise.future.get(0) == "here"


def test_those_who_wait_on_have_the_answer_after_others_gave_up(promise: Promise) -> None:
    patient = [gevent.spawn(promise.future.get, None) for _ in range(2)]
    killed = gevent.spawn(promise.future.get, None)
    with pytest.raises(AskTimeoutError):
        promise.future.get(0.01)
    killed.kill()
    promise.keep("here")
    assert [one.get() for one in patient] == ["here", "here"]


@pytest.mark.usefixtures("many_in_a_row")
def test_an_exception_in_one_turn_takes_nobody_elses(
    system: ActorSystem, promise: Promise, hub_errors: list[object]
) -> None:
    second, answers = Promise(system, "second"), list[object]()

    def fail() -> None:
        promise.future.get(None)
        raise BoomError

    def get(futures: list[Future[Any]]) -> None:
        answers.append([future.get(None) for future in futures])

    gevent.spawn_raw(fail)
    twice = gevent.spawn(get, [promise.future, second.future])
    gevent.spawn_raw(fail)  # has its turn from the one before, which sleeps again
    once = gevent.spawn(get, [promise.future])
    gevent.sleep(0)
    promise.keep(1)
    once.join()
    second.keep(2)
    twice.join()
    assert answers == [[1], [1, 2]]
    assert [type(error) for error in hub_errors] == [BoomError, BoomError]


def test_an_ask_is_not_given_up_before_its_time_although_the_clock_of_the_loop_lags(
    system: ActorSystem, rally: Rally
) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    for _ in range(3):
        spin(0.02)
        asked_at = time.monotonic()
        with pytest.raises(AskTimeoutError):
            ref.ask(Ask(gate.pass_through), timeout=0.03)
        assert time.monotonic() - asked_at >= 0.03
    assert rally.is_on
    gate.open()


def test_where_nothing_is_left_there_is_a_deadlock_in_real_time_too(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    settle(ref)
    with pytest.raises(DeadlockError, match="waits for the answer of slow to Ask"):
        ref.ask(Ask(gate.pass_through), timeout=None)
    gate.open()
    settle(ref)


def test_a_deadlock_is_found_after_turns_in_a_row(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "_IN_A_ROW_S", _AGES_S)
    ref, other = system.start(puppet("one")), system.start(puppet("other"))
    circle = Ask(lambda _: other.ask(Ask(lambda _: ref.ask(Ask(nothing), None)), None))
    settle(ref)
    with pytest.raises(DeadlockError, match="other waits for the answer of one to Ask"):
        ref.ask(circle, timeout=None)
    kill(ref)
    assert other.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_nobody_can_wait_for_an_answer_in_a_callback_of_the_loop(
    system: ActorSystem, hub_errors: list[object]
) -> None:
    counter, tried = system.start(ChildSpec("counter", Counter)), Flag()

    def ask() -> None:
        tried.set()
        counter.ask(Add())

    with loop().timer(0.02) as timer:
        timer.start(ask)
        tried.wait()
    assert counter.ask(Add()) == 2
    assert [type(error) for error in hub_errors] == [BlockingSwitchOutError]


def test_a_subscriber_that_asks_in_a_callback_of_the_loop_is_reported_and_disturbs_nobody(
    system: ActorSystem, hub_errors: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    counter, tried = system.start(ChildSpec("counter", Counter)), Flag()
    event = ActorStarted("somebody", 1)
    system.events.subscribe(lambda _: counter.ask(Add()), ActorStarted)

    def publish() -> None:
        system.events.publish(event)
        tried.set()

    with loop().timer(0.02) as timer, caplog.at_level(logging.ERROR, "rnd_actors"):
        timer.start(publish)
        tried.wait()
    assert counter.ask(Add()) == 2
    [record] = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is BlockingSwitchOutError
    assert hub_errors == []


def test_each_thread_has_turns_of_its_own(system: ActorSystem) -> None:
    def count() -> Any:
        try:
            with ActorSystem() as other:
                counter = other.start(ChildSpec("counter", Counter))
                asked = [counter.ask(Add()) for _ in range(300)]
                return current_turns(), asked[-1]
        finally:
            gevent.get_hub().destroy(destroy_loop=True)

    thread = gevent.get_hub().threadpool.spawn(count)
    counter = system.start(ChildSpec("counter", Counter))
    answers = list[int]()
    while not thread.ready():
        answers.append(counter.ask(Add()))
    result: Any = thread.get()
    turns, counted = result
    assert counted == 300
    assert answers == list(range(1, len(answers) + 1))
    assert turns is not current_turns()
    assert current_turns() is current_turns()


def test_other_threads_get_on_while_actors_keep_this_one_busy(system: ActorSystem) -> None:
    counter = system.start(ChildSpec("counter", Counter))

    def run_and_rest() -> None:
        for _ in range(50):
            sleep(0)  # gives the interpreter's lock away, and has to get it back

    sleep = get_original("time", "sleep")
    thread = gevent.get_hub().threadpool.spawn(run_and_rest)
    give_up_at = time.monotonic() + _GIVE_UP_S
    while not thread.ready() and time.monotonic() < give_up_at:
        counter.ask(Add())
    assert thread.ready()
    thread.get()


def test_a_rally_does_not_keep_a_kill_waiting(
    system: ActorSystem, rally: Rally, events: Record
) -> None:
    gate, ref = Gate(), system.start(puppet("stuck"))
    future = ref.ask_future(Ask(gate.pass_through))
    gate.await_entry()
    kill(ref)
    with pytest.raises(ActorCrashedError):
        future.get()
    assert events.expect(ActorFailed).reason == Killed()
    assert rally.is_on


def test_whoever_gave_up_on_a_future_is_forgotten(promise: Promise) -> None:
    for _ in range(50):
        with pytest.raises(AskTimeoutError):
            promise.future.get(0)
    assert not promise.future._asked._sleepers


@pytest.mark.parametrize("gives_way", [False, True])
def test_nobody_can_wait_in_a_callback_of_the_loop_right_after_turns_either(
    system: ActorSystem,
    hub_errors: list[object],
    monkeypatch: pytest.MonkeyPatch,
    gives_way: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(turns_module, "_IN_A_ROW_S", _AGES_S)
    ref, tried, got = system.start(puppet("ref")), Flag(), []
    settle(ref)

    def act(_: object) -> int:
        if gives_way:
            gevent.sleep(0)
        return 7

    def ask() -> None:
        tried.set()
        got.append(ref.ask(Ask(act)))

    gevent.get_hub().loop.run_callback(ask)
    tried.wait()
    settle(ref)
    assert got == []
    assert [type(error) for error in hub_errors] == [BlockingSwitchOutError]
