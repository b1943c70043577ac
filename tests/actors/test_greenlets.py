"""The greenlet of an actor: what gevent promises of greenlets is true of it, in real time."""

import gc
import logging
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Never
from weakref import WeakSet

import gevent
import pytest
from gevent import GreenletExit
from gevent.event import Event as Flag
from gevent.exceptions import BlockingSwitchOutError
from gevent.socket import socketpair
from greenlet import settrace

import rnd_actors
from rnd_actors.actors import (
    Actor,
    ActorSystem,
    Crashed,
    Deferred,
    Future,
    Killed,
    Request,
    Stopped,
)
from rnd_actors.actors._greenlet import ActorGreenlet
from rnd_actors.errors import (
    ActorCrashedError,
    ActorDeadError,
    AskTimeoutError,
    NotAnsweredError,
    UnhandledMessageError,
)
from rnd_actors.events import (
    ActorFailed,
    ActorStarted,
    DeadLetter,
    MessageFailed,
    RestartIntensityReached,
)
from rnd_actors.supervision import ChildSpec, Restart, RestartIntensity, Supervisor
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    crash,
    found,
    greenlet_of,
    in_turn,
    kill,
    nothing,
    puppet,
    settle,
)
from tests.actors.toys_supervision import up

_PATIENCE_S = 60.0


@pytest.fixture
def virtual_time() -> None:
    """Leave time as it is: these are gevent's own timers, signals and threads."""


@pytest.fixture(autouse=True)
def _no_test_waits_for_ever(virtual_time: None) -> Iterator[None]:
    """In real time nobody notices a deadlock as long as there is a timer: fail instead."""
    with gevent.Timeout(_PATIENCE_S, AssertionError(f"not over after {_PATIENCE_S} s")):
        yield


def me(_: object = None) -> Any:
    return gevent.getcurrent()


def loop() -> Any:
    return gevent.get_hub().loop


def let_the_loop_turn() -> None:
    """Return when the loop has looked at its timers."""
    turned = Flag()
    with loop().timer(0.001) as timer:
        timer.start(turned.set)
        turned.wait()


# --- one greenlet an incarnation


def test_all_hooks_of_an_incarnation_run_in_one_greenlet(system: ActorSystem) -> None:
    seen: list[object] = []

    def note(_: object) -> None:
        seen.append(gevent.getcurrent())

    ref = system.start(puppet("puppet", at_start=note, at_stop=note, restart=Restart.TEMPORARY))
    ref.ask(Ask(note))
    ref.ask(Ask(note))
    ref.stop()
    ref.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    [greenlet] = set(seen)
    assert isinstance(greenlet, gevent.Greenlet)


def test_the_greenlet_is_dead_after_the_end_of_the_actor(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    greenlet = ref.ask(Ask(me))
    assert not greenlet.dead
    ref.stop()
    ref.join()
    greenlet.join()
    assert greenlet.dead


def test_each_incarnation_has_a_greenlet_of_its_own(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    first = ref.ask(Ask(me))
    ref.tell(Do(crash))
    up(diary, "puppet", 2)
    assert ref.ask(Ask(me)) is not first
    assert first.dead


def test_no_two_actors_share_a_greenlet(system: ActorSystem) -> None:
    refs = [system.start(puppet(str(number))) for number in range(10)]
    assert len({ref.ask(Ask(me)) for ref in refs}) == 10


def test_an_actor_keeps_its_greenlet_after_it_has_waited_in_a_message(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("waiting"))
    other = system.start(puppet("other"))
    greenlet = ref.ask(Ask(me))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    settle(other)
    gate.open()
    assert ref.ask(Ask(me)) is greenlet


SHOWN = """
from gevent import monkey
monkey.patch_all()
import gevent.util
from gevent.event import Event
from rnd_actors import Actor, ActorSystem, ChildSpec

entered, over = Event(), Event()

class Busy(Actor[str]):
    def receive(self, message):
        entered.set()
        over.wait()

with ActorSystem() as system:
    system.start(ChildSpec("idle", Busy))
    system.start(ChildSpec("busy", Busy)).tell("work")
    entered.wait()
    gevent.util.print_run_info(thread_stacks=False)
    over.set()
"""


def test_tools_of_gevent_show_every_actor_by_its_name() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOWN],
        capture_output=True,
        text=True,
        check=True,
        timeout=_PATIENCE_S,
    )
    for name in ("system", "idle", "busy"):
        assert f'"{name}"' in done.stderr


def test_variables_of_a_thread_are_the_actors_own(system: ActorSystem) -> None:
    local = threading.local()
    local.name = "main"
    ann, bob = system.start(puppet("ann")), system.start(puppet("bob"))
    for ref in (ann, bob):
        ref.ask(Ask(lambda puppet: setattr(local, "name", puppet.ref.name)))
    assert [ref.ask(Ask(lambda _: local.name)) for ref in (ann, bob)] == ["ann", "bob"]
    assert local.name == "main"


def test_a_reentrant_lock_that_an_actor_holds_is_held_against_other_actors(
    system: ActorSystem,
) -> None:
    lock = threading.RLock()
    ann, bob = system.start(puppet("ann")), system.start(puppet("bob"))
    acquire = Ask(lambda _: lock.acquire(blocking=False))
    assert ann.ask(acquire)
    assert ann.ask(acquire)
    assert not bob.ask(acquire)
    for _ in range(2):
        ann.ask(Ask(lambda _: lock.release()))
    assert bob.ask(acquire)
    bob.ask(Ask(lambda _: lock.release()))


def test_an_actor_begins_with_the_context_variables_of_its_supervisor() -> None:
    name = ContextVar("name", default="nobody")
    name.set("main")
    with ActorSystem() as system:
        ref = system.start(puppet("puppet"))
        assert ref.ask(Ask(lambda _: name.get())) == "main"


def test_the_context_variables_of_an_actor_are_its_own(system: ActorSystem) -> None:
    name = ContextVar("name", default="nobody")
    ann, bob = system.start(puppet("ann")), system.start(puppet("bob"))
    for ref in (ann, bob):
        ref.ask(Ask(lambda puppet: name.set(puppet.ref.name)))
    assert [ref.ask(Ask(lambda _: name.get())) for ref in (ann, bob)] == ["ann", "bob"]
    assert name.get() == "nobody"


def test_nothing_keeps_an_actor_alive_that_has_ended(system: ActorSystem) -> None:
    alive = WeakSet[Puppet]()
    remembered: ContextVar[Puppet | None] = ContextVar("remembered", default=None)

    def remember(puppet: Puppet) -> None:
        alive.add(puppet)
        remembered.set(puppet)

    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.ask(Ask(remember))
    ref.stop()
    ref.join()
    gevent.sleep(0)
    gc.collect()
    assert len(alive) == 0


# --- what gevent does to a greenlet happens to that actor and to no other


def test_a_forgotten_timeout_meets_its_own_actor(system: ActorSystem, events: Record) -> None:
    gate = Gate()
    innocent = system.start(puppet("innocent"))
    careless = system.start(puppet("careless", restart=Restart.TEMPORARY))
    answer = innocent.ask_future(Ask(gate.pass_through))
    gate.await_entry()
    careless.ask(Ask(lambda _: gevent.Timeout(0.2).start()))
    reason = careless.join()
    gate.open()
    answer.get()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, gevent.Timeout)
    assert [event.actor for event in events.all(ActorFailed)] == ["careless"]


def test_a_forgotten_timeout_of_an_actor_that_has_ended_meets_nobody(
    system: ActorSystem, events: Record
) -> None:
    expired = Flag()
    others = [system.start(puppet(f"other {number}")) for number in range(3)]
    careless = system.start(puppet("careless", restart=Restart.TEMPORARY))
    start = in_turn(Puppet.stop, lambda _: gevent.Timeout(0.2).start())
    careless.tell(Do(start))
    careless.join()
    with loop().timer(0.25) as timer:
        timer.start(expired.set)
        expired.wait()
    for other in others:
        settle(other)
    assert events.all(ActorFailed) == []


@pytest.mark.parametrize("ends", [True, False], ids=["has ended", "waits for a message"])
def test_a_late_switch_that_an_actor_left_behind_does_nothing(
    system: ActorSystem,
    events: Record,
    ends: bool,  # noqa: FBT001
) -> None:
    switched, timers = Flag(), list[Any]()

    def leave_switch_behind(_: object) -> None:
        timer = loop().timer(0.01)
        timer.start(gevent.getcurrent().switch)
        timers.append(timer)

    once = system.start(puppet("once", restart=Restart.TEMPORARY))
    echo = system.start(puppet("echo"))
    once.ask(Ask(leave_switch_behind))
    if ends:
        once.stop()
        once.join()
    with loop().timer(0.03) as timer:
        timer.start(switched.set)
        switched.wait()
    for ref in (echo,) if ends else (echo, once):
        for _ in range(3):
            assert ref.ask(Ask(lambda _: "pong"), timeout=_PATIENCE_S) == "pong"
    assert events.all(ActorFailed) == []
    for timer in timers:
        timer.close()


@pytest.mark.parametrize("is_busy", [True, False], ids=["in a message", "while it waits"])
def test_killing_the_greenlet_of_an_actor_kills_that_actor_and_returns(
    system: ActorSystem,
    events: Record,
    diary: Record,
    is_busy: bool,  # noqa: FBT001
) -> None:
    gate, greenlets = Gate(), list[Any]()
    watched = system.start(
        puppet("watched", diary, at_start=lambda _: greenlets.append(gevent.getcurrent()))
    )
    innocent = system.start(puppet("innocent"))
    answer = innocent.ask_future(Ask(gate.pass_through))
    gate.await_entry()
    if is_busy:
        inside = Gate()
        watched.tell(Do(inside.pass_through))
        inside.await_entry()
    with gevent.Timeout(_PATIENCE_S):
        gevent.kill(greenlets[0])
    up(diary, "watched", 2)
    gate.open()
    assert answer.get() is None
    assert events.all(ActorFailed) == [ActorFailed("watched", 1, Killed())]
    assert watched.ask(Ask(lambda puppet: puppet.incarnation)) == 2
    assert [end.reason for end in diary.all(Ended)] == [Killed()]


def test_an_actor_that_is_killed_before_its_first_turn_is_never_made(
    system: ActorSystem, events: Record
) -> None:
    made = list[Puppet]()

    def make() -> Puppet:
        made.append(Puppet())
        return made[-1]

    greenlet = ActorGreenlet(system.new_cell(ChildSpec("stillborn", make), None))
    with gevent.Timeout(_PATIENCE_S):
        greenlet.kill()
    settle(system.start(puppet("other")))
    assert made == []
    assert events.expect(ActorFailed) == ActorFailed("stillborn", 1, Killed())


# --- wake-ups


def test_what_a_signal_handler_tells_wakes_the_actor(system: ActorSystem) -> None:
    heard, sent = Flag(), list[bool]()

    def hear(puppet: Puppet) -> None:
        heard.set()

    def interrupt(*_: object) -> None:
        sent.append(True)
        ref.tell(Do(hear))

    ref = system.start(puppet("puppet"))
    before = signal.signal(signal.SIGALRM, interrupt)
    chance = random.Random(1)
    try:
        for number in range(300):
            heard.clear()
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(2e-5, 2e-4))
            while len(sent) == number:
                ref.tell(Do(nothing))
                gevent.sleep(0)
            assert heard.wait(_PATIENCE_S), f"signal {number}: {ref.stats()}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_actor_that_a_signal_handler_tells_while_it_crashes_is_restarted(
    system: ActorSystem,
) -> None:
    def interrupt(*_: object) -> None:
        ref.tell(Do(nothing))

    def stop_and_crash(puppet: Puppet) -> None:
        puppet.stop()
        raise BoomError

    ref = system.start(puppet("puppet"))
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        ref.tell(Do(stop_and_crash))
        for _ in range(20_000):
            ref.tell(Do(nothing))
        ref.drain()
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        with gevent.Timeout(_PATIENCE_S):
            while ref.stats().handled < 20_000:
                gevent.sleep(0.01)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert ref.stats().failed == 1


def test_actors_go_on_in_the_order_in_which_they_were_told(
    system: ActorSystem, diary: Record
) -> None:
    refs = [system.start(puppet(f"puppet {number}", diary)) for number in range(4)]
    for ref in refs:
        settle(ref)
    for number in (2, 0, 3, 1):
        refs[number].tell(Note(number))
    diary.expect(Note, 4)
    assert [note.number for note in diary.all(Note)] == [2, 0, 3, 1]


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

    def __init__(self, owed: list[Deferred[Any]], owes: Flag) -> None:
        self._owed = owed
        self._owes = owes

    def receive(self, message: Request[Any]) -> None:
        self._owed.append(self.defer(message))
        self._owes.set()


class Promise:
    """A future, and the way to give it its answer."""

    def __init__(self, system: ActorSystem, name: str = "debtor") -> None:
        owed, owes = list[Deferred[Any]](), Flag()
        debtor = system.start(ChildSpec(name, lambda: Debtor(owed, owes)))
        self.future: Future[Any] = debtor.ask_future(Add())
        owes.wait()
        self.keep = owed[0].reply


@pytest.fixture
def promise(system: ActorSystem) -> Promise:
    return Promise(system)


@pytest.fixture
def hub_errors(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What reaches the hub, which would print it."""
    errors: list[object] = []

    def handle_error(context: object, kind: object, value: object, traceback: object) -> None:
        errors.append(value)

    monkeypatch.setattr(gevent.get_hub(), "handle_error", handle_error)
    return errors


def spin(seconds: float) -> None:
    """Keep the thread for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@pytest.mark.parametrize("capacity", [None, 3], ids=["no limit", "bounded"])
def test_an_actor_that_is_killed_before_it_goes_on_is_not_woken_in_its_on_stop(
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


def test_an_asker_that_is_killed_before_it_goes_on_is_not_woken_in_its_next_wait(
    system: ActorSystem, promise: Promise
) -> None:
    other, in_next_wait = system.start(puppet("other")), Flag()

    def ask() -> str:
        try:
            promise.future.get(None)
        except GreenletExit:
            hub: Any = gevent.get_hub()
            in_next_wait.set()
            hub.switch()
        return "went on"

    asker = gevent.spawn(ask)
    gevent.sleep(0)
    asker.kill(block=False)
    promise.keep(1)
    in_next_wait.wait()
    settle(other)
    settle(other)
    assert not asker.ready()
    loop().run_callback(asker.switch)
    assert asker.get() == "went on"


def test_an_asker_whose_time_ends_with_the_answer_is_not_woken_in_its_next_wait(
    system: ActorSystem, promise: Promise
) -> None:
    other, answers, in_next_wait = system.start(puppet("other")), list[object](), Flag()

    def ask() -> None:
        answers.append(promise.future.get(0.5))
        hub: Any = gevent.get_hub()
        in_next_wait.set()
        hub.switch()

    with loop().timer(0.4) as timer:
        timer.start(promise.keep, "in time")
        asker = gevent.spawn(ask)
        gevent.sleep(0)
        spin(0.6)
        in_next_wait.wait()
    settle(other)
    settle(other)
    assert not asker.ready()
    loop().run_callback(asker.switch)
    asker.get()
    assert answers == ["in time"]


class Interruption:
    """Lets something happen between two steps of a greenlet, as a signal does.

    Steps are lines of the framework that the greenlet runs after it has called `arm`.
    """

    def __init__(self, step: int, happen: Callable[[], object]) -> None:
        self._left = step
        self._happen = happen
        self._place = str(Path(rnd_actors.__file__).parent)
        self._greenlet: object = None

    @property
    def has_come(self) -> bool:
        return self._left < 0

    def arm(self, _: object = None) -> None:
        self._greenlet = gevent.getcurrent()
        sys.settrace(self._trace)
        frame: Any = sys._getframe()
        while frame is not None:
            frame.f_trace = self._trace(frame, "call", None)
            frame = frame.f_back

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        is_step = event == "line" and gevent.getcurrent() is self._greenlet
        if is_step and not self.has_come:
            self._left -= 1
            if self._left < 0:
                self._happen()
                sys.settrace(None)
        return self._trace if frame.f_code.co_filename.startswith(self._place) else None


@pytest.fixture
def _tracing_ends() -> Iterator[None]:
    before = sys.gettrace()
    yield
    sys.settrace(before)


@pytest.mark.usefixtures("_tracing_ends")
@pytest.mark.parametrize("capacity", [None, 3], ids=["no limit", "bounded"])
def test_what_is_told_between_any_two_steps_of_an_actor_wakes_it(
    system: ActorSystem, diary: Record, capacity: int | None
) -> None:
    ref = system.start(puppet("puppet", diary, capacity=capacity))

    def comes_at(step: int) -> bool:
        interruption = Interruption(step, lambda: ref.tell(Note(step)))
        ref.tell(Do(interruption.arm))
        gevent.idle()
        assert (Note(step) in diary.items) is interruption.has_come
        return interruption.has_come

    steps = next(step for step in count() if not comes_at(step))
    ref.tell(Do(lambda _: sys.settrace(None)))
    settle(ref)
    assert steps > 10


@pytest.mark.usefixtures("_tracing_ends")
def test_an_answer_that_is_given_between_any_two_steps_of_its_asker_wakes_it(
    system: ActorSystem,
) -> None:
    def comes_at(step: int) -> bool:
        promise = Promise(system, f"debtor {step}")
        interruption = Interruption(step, lambda: promise.keep("early"))

        def ask() -> object:
            interruption.arm()
            answer = promise.future.get(None)
            sys.settrace(None)
            return answer

        asker = gevent.spawn(ask)
        gevent.idle()
        is_early = interruption.has_come
        assert asker.ready() is is_early
        promise.keep("late")
        assert asker.get() == ("early" if is_early else "late")
        return is_early

    steps = next(step for step in count() if not comes_at(step))
    assert steps > 10


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


def test_an_exception_in_one_greenlet_takes_nobody_elses_turn(
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
    gevent.spawn_raw(fail)
    once = gevent.spawn(get, [promise.future])
    gevent.sleep(0)
    promise.keep(1)
    once.join()
    second.keep(2)
    twice.join()
    assert answers == [[1], [1, 2]]
    assert [type(error) for error in hub_errors] == [BoomError, BoomError]


# --- busy actors let others have their turn


_GIVE_UP_S = 20.0
"""Where others starve, a rally ends after that time: then the test fails and does not hang."""


class Rally:
    """Two actors that keep the thread busy until the test has seen what it wants to see."""

    def __init__(self, system: ActorSystem, name: str = "rally") -> None:
        self.throws = 0
        self.is_on = True
        self._give_up_at = time.monotonic() + _GIVE_UP_S
        self._at: dict[int, Callable[[], object]] = {}
        self._players = [system.start(puppet(f"{name} {side}")) for side in "ab"]
        self._throw_to(0)

    def at(self, throw: int, action: Callable[[], object]) -> None:
        """Let a player do something in the midst of it."""
        self._at[throw] = action

    def end(self) -> None:
        self.is_on = False

    def _throw_to(self, number: int) -> None:
        self._players[number].tell(Do(lambda _: self._throw_back(number)))

    def _throw_back(self, number: int) -> None:
        self.throws += 1
        self.is_on = self.is_on and time.monotonic() < self._give_up_at
        if action := self._at.pop(self.throws, None):
            action()
        if self.is_on:
            self._throw_to(1 - number)


@pytest.fixture
def rally(system: ActorSystem) -> Iterator[Rally]:
    rally = Rally(system)
    yield rally
    rally.end()


def test_an_actor_that_tells_itself_for_ever_lets_a_short_sleep_through(
    system: ActorSystem,
) -> None:
    is_on, give_up_at = [True], time.process_time() + _GIVE_UP_S

    def again(puppet: Puppet) -> None:
        if is_on[0] and time.process_time() < give_up_at:
            puppet.ref.tell(Do(again))
        else:
            is_on[0] = False

    ref = system.start(puppet("restless"))
    let_the_loop_turn()
    ref.tell(Do(again))
    started = time.process_time()
    gevent.sleep(0.01)
    used_s = time.process_time() - started
    assert is_on[0]
    assert used_s < 0.5
    is_on[0] = False
    settle(ref)
    assert ref.stats().handled > 100


def test_a_rally_does_not_keep_a_timer_waiting(rally: Rally) -> None:
    seen, expired = list[bool](), Flag()

    def expire() -> None:
        seen.append(rally.is_on)
        expired.set()

    with loop().timer(0.01) as timer:
        timer.start(expire)
        expired.wait()
    assert seen == [True]
    assert rally.throws > 0


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


def test_a_rally_goes_on_when_its_players_are_killed_and_restarted(
    system: ActorSystem, rally: Rally, events: Record
) -> None:
    for number in (1, 2):
        for name in ("rally a", "rally b"):
            kill(found(system, name))
            events.until(ActorFailed(name, number, Killed()))
            enough = rally.throws + 1000
            while rally.throws < enough and rally.is_on:
                gevent.sleep(0)
    assert rally.is_on
    rally.end()
    for name in ("rally a", "rally b"):
        player = found(system, name)
        settle(player)
        assert player.stats().handled == player.stats().told


def test_rallies_do_not_keep_each_other_waiting(system: ActorSystem) -> None:
    rallies = [Rally(system, f"rally {number}") for number in range(3)]
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


@pytest.mark.parametrize("checks", [True, False], ids=["with checkpoints", "without"])
def test_own_work_that_never_waits_lets_others_have_their_turn_at_its_checkpoints(
    system: ActorSystem,
    checks: bool,  # noqa: FBT001
) -> None:
    seen, expired = list[float](), Flag()

    class Restless(Actor[Never]):
        def run(self) -> None:
            started = time.process_time()
            timer.start(expire, started)  # not before: it must not expire before the work begins
            while time.process_time() < started + 0.5 and not seen:
                if checks:
                    self.checkpoint()

    def expire(started: float) -> None:
        seen.append(time.process_time() - started)
        expired.set()

    with loop().timer(0.01) as timer:
        ref = system.start(ChildSpec("restless", Restless, restart=Restart.TEMPORARY))
        expired.wait()
    ref.join()
    assert (seen[0] < 0.4) is checks


@contextmanager
def counted_switches() -> Iterator[list[object]]:
    """Give the greenlets to which this thread has switched."""
    switches: list[object] = []

    def trace(event: str, args: Any) -> None:
        if event == "switch":
            switches.append(args[1])

    before = settrace(trace)
    try:
        yield switches
    finally:
        settrace(before)


def test_a_busy_actor_gives_way_by_time_and_not_for_each_message(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    settle(ref)
    for _ in range(200_000):
        ref.tell(Do(nothing))
    with counted_switches() as switches:
        settle(ref)
    assert 2 < switches.count(greenlet_of(ref)) < 200_000 / 8


def test_a_checkpoint_that_is_not_due_lets_nobody_have_a_turn(system: ActorSystem) -> None:
    greenlets: list[object] = []

    class Restless(Actor[Never]):
        def run(self) -> None:
            greenlets.append(gevent.getcurrent())
            for _ in range(30_000):
                self.checkpoint()

    with counted_switches() as switches:
        system.start(ChildSpec("restless", Restless, restart=Restart.TEMPORARY)).join()
    assert 0 < switches.count(greenlets[0]) < 30_000 / 8


def test_a_system_that_was_left_watches_the_loop_no_longer() -> None:
    def watchers() -> int:
        with loop().check(ref=False) as kind:
            return sum(type(each) is type(kind) and each.active for each in gc.get_objects())

    before = watchers()
    with ActorSystem():
        assert watchers() > before
    assert watchers() == before


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


def test_nobody_can_wait_for_an_answer_in_a_callback_of_the_loop(
    system: ActorSystem, hub_errors: list[object]
) -> None:
    counter, tried = system.start(ChildSpec("counter", Counter)), Flag()

    def ask() -> None:
        tried.set()
        counter.ask(Add())

    with loop().timer(0.01) as timer:
        timer.start(ask)
        tried.wait()
    assert counter.ask(Add()) == 2
    assert [type(error) for error in hub_errors] == [BlockingSwitchOutError]


def test_a_subscriber_that_asks_in_a_callback_of_the_loop_is_reported_and_disturbs_nobody(
    system: ActorSystem, hub_errors: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    counter, tried = system.start(ChildSpec("counter", Counter)), Flag()
    system.events.subscribe(lambda _: counter.ask(Add()), ActorStarted)

    def publish() -> None:
        system.events.publish(ActorStarted("somebody", 1))
        tried.set()

    with loop().timer(0.01) as timer, caplog.at_level(logging.ERROR, "rnd_actors"):
        timer.start(publish)
        tried.wait()
    assert counter.ask(Add()) == 2
    [record] = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is BlockingSwitchOutError
    assert hub_errors == []


# --- what ends the whole program


INTERRUPTIONS = [KeyboardInterrupt, SystemExit]


@pytest.mark.parametrize("kind", INTERRUPTIONS)
def test_what_ends_the_program_reaches_the_main_greenlet_and_is_charged_to_no_restart_intensity(
    system: ActorSystem, events: Record, diary: Record, kind: type[BaseException]
) -> None:
    def interrupt(_: object) -> None:
        raise kind

    team = system.start(
        ChildSpec(
            "team",
            lambda: Supervisor([puppet("puppet", diary)], intensity=RestartIntensity(1, 60.0)),
        )
    )
    for number in range(1, 6):
        up(diary, "team/puppet", number)
        found(system, "team/puppet").tell(Do(interrupt))
        with pytest.raises(kind):
            Flag().wait()
    up(diary, "team/puppet", 6)
    assert team.is_alive
    assert events.all(RestartIntensityReached) == []
    assert {type(event.reason) for event in events.all(ActorFailed)} == {Killed}
    assert balance(found(system, "team/puppet")) == (5, 5)


@pytest.mark.parametrize("kind", INTERRUPTIONS)
def test_who_asked_for_what_ends_the_program_is_told_of_a_crash(
    system: ActorSystem, kind: type[BaseException]
) -> None:
    def interrupt(_: object) -> None:
        raise kind

    future = system.start(puppet("puppet")).ask_future(Ask(interrupt))
    with pytest.raises(kind):
        Flag().wait()
    with pytest.raises(ActorCrashedError, match="puppet was killed while it handled"):
        future.get(0)


@pytest.mark.parametrize("kind", INTERRUPTIONS)
@pytest.mark.parametrize("where", ["receive", "on_start", "on_stop", "background", "subscriber"])
def test_a_system_that_is_interrupted_is_left_in_order(
    diary: Record, where: str, kind: type[BaseException]
) -> None:
    armed = [True]

    def interrupt(_: object = None) -> None:
        if armed.pop() if armed else False:
            raise kind

    options: dict[str, Any] = {}
    if where in ("on_start", "on_stop"):
        options["at_" + where[3:]] = interrupt

    def use(system: ActorSystem) -> None:
        system.start(puppet("other", diary))
        if where == "subscriber":
            system.events.subscribe(interrupt, to=ActorStarted)
        ref = system.start(puppet("interrupted", diary, **options))
        if where == "receive":
            ref.tell(Do(interrupt))
        elif where == "background":
            ref.tell(Do(lambda puppet: puppet.background(interrupt)))
        elif where == "on_stop":
            ref.stop()
        Flag().wait()

    with pytest.raises(kind), ActorSystem() as system:
        use(system)
    ends = [end for end in diary.all(Ended) if end.name == "other"]
    assert ends == [Ended("other", 1, Stopped())]
    begun = [began.incarnation for began in diary.all(Began) if began.name == "interrupted"]
    ended = [end.incarnation for end in diary.all(Ended) if end.name == "interrupted"]
    assert begun == ended
    assert system.find("interrupted") is None


INTERRUPTED = """
from gevent import monkey; monkey.patch_all()
import gevent
from rnd_actors import Actor, ActorSystem, ChildSpec
class Busy(Actor[int]):
    def receive(self, message):
        if message == 1_000:
            print("busy", flush=True)
        self.ref.tell(message + 1)
    def on_stop(self, reason):
        print("stopped", reason, flush=True)
try:
    with ActorSystem() as system:
        system.start(ChildSpec("busy", Busy)).tell(0)
        gevent.sleep(20)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_one_ctrl_c_ends_a_program_whose_actors_are_busy() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "busy\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=_PATIENCE_S)
    lines = out.splitlines()
    assert lines[-1] == "interrupted", err
    assert "stopped shutdown" in lines
    assert process.returncode == 0


# --- objects of users that cannot be printed


class WordlessError(Exception):
    def __str__(self) -> str:
        return str(self.args[1])

    __repr__ = __str__


class Wordless(Request[str]):
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def raise_wordless(_: object) -> None:
    raise WordlessError("no second argument")


def test_an_error_that_cannot_be_printed_is_a_crash_like_any_other(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(raise_wordless))
    up(diary, "puppet", 2)
    assert ref.ask(Ask(lambda puppet: puppet.incarnation), timeout=_PATIENCE_S) == 2
    assert len(events.all(ActorFailed)) == len(events.all(MessageFailed)) == 1
    assert balance(ref) == (2, 2)


def test_an_asker_gets_an_error_that_cannot_be_printed(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    with pytest.raises(WordlessError):
        ref.ask(Ask(raise_wordless), timeout=_PATIENCE_S)
    settle(ref)


@pytest.mark.parametrize("where", ["at_start", "at_stop"])
def test_a_hook_whose_error_cannot_be_printed_ends_that_incarnation_alone(
    system: ActorSystem, events: Record, diary: Record, where: str
) -> None:
    def fail(puppet: Puppet) -> None:
        if puppet.incarnation == 2:
            raise_wordless(puppet)

    ref = system.start(puppet("puppet", diary, **{where: fail}))
    ref.tell(Do(crash))
    if where == "at_stop":
        up(diary, "puppet", 2)
        ref.stop()
    up(diary, "puppet", 3)
    assert ref.ask(Ask(lambda puppet: puppet.incarnation), timeout=_PATIENCE_S) == 3
    assert [event.incarnation for event in events.all(ActorFailed)] == [1, 2]


class Listener(Actor[Wordless | Do | Ask]):
    """Takes messages that cannot be printed, and answers none."""

    def receive(self, message: Wordless | Do | Ask) -> None:
        match message:
            case Do(action):
                action(self)  # type: ignore[arg-type]
            case Ask(action):
                self.reply(message, action(self))  # type: ignore[arg-type]
            case Wordless():
                pass


def test_messages_that_cannot_be_printed_are_dead_letters_like_others(
    system: ActorSystem, events: Record
) -> None:
    gate = Gate()
    ref = system.start(ChildSpec("listener", Listener, restart=Restart.TEMPORARY))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    waits = [ref.ask_future(Wordless()), ref.ask_future(Ask(nothing))]
    ref.stop()
    gate.open()
    ref.join()
    for future in waits:
        with pytest.raises(ActorDeadError):
            future.get(_PATIENCE_S)
    with pytest.raises(ActorDeadError):
        ref.ask(Wordless(), timeout=_PATIENCE_S)
    assert len(events.all(DeadLetter)) == 3
    assert balance(ref) == (4, 4)


def test_a_message_that_cannot_be_printed_may_be_unanswered_unhandled_or_too_slow(
    system: ActorSystem, events: Record
) -> None:
    gate = Gate()
    ref = system.start(ChildSpec("listener", Listener))
    with pytest.raises(NotAnsweredError):
        ref.ask(Wordless(), timeout=_PATIENCE_S)
    counter: Any = system.start(ChildSpec("counter", Counter))
    with pytest.raises(UnhandledMessageError):
        counter.ask(Wordless(), timeout=_PATIENCE_S)
    ref.tell(Do(gate.pass_through))
    with pytest.raises(AskTimeoutError):
        ref.ask(Wordless(), timeout=0.01)
    gate.open()
    ref.ask(Ask(nothing))
    assert events.all(ActorFailed) == []
    assert balance(ref) == (4, 4)
    assert balance(counter) == (1, 1)


def test_whoever_crashes_on_a_message_that_cannot_be_printed_is_restarted(
    system: ActorSystem, diary: Record
) -> None:
    class Fragile(Puppet):
        def receive(self, message: object) -> None:
            if isinstance(message, Wordless):
                raise BoomError
            super().receive(message)

    ref = system.start(ChildSpec("fragile", lambda: Fragile(diary)))
    with pytest.raises(BoomError):
        ref.ask(Wordless(), timeout=_PATIENCE_S)
    up(diary, "fragile", 2)
    settle(ref)
    assert balance(ref) == (2, 2)


@pytest.mark.parametrize("kind", [GreenletExit, gevent.Timeout])
def test_a_subscriber_that_raises_what_is_no_error_disturbs_no_actor(
    system: ActorSystem,
    diary: Record,
    caplog: pytest.LogCaptureFixture,
    kind: type[BaseException],
) -> None:
    def fail(_: object) -> None:
        raise kind

    ref = system.start(puppet("puppet", diary))
    unsubscribe = system.events.subscribe(fail, to=ActorFailed)
    with caplog.at_level(logging.ERROR, "rnd_actors"):
        ref.tell(Do(crash))
        up(diary, "puppet", 2)
    unsubscribe()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation), timeout=_PATIENCE_S) == 2
    assert [record.exc_info[0] for record in caplog.records if "subscriber" in record.msg] == [  # type: ignore[index]
        kind
    ]


def test_a_subscriber_that_exits_the_program_disturbs_no_actor(
    system: ActorSystem, diary: Record
) -> None:
    def leave(_: object) -> None:
        sys.exit(3)

    ref = system.start(puppet("puppet", diary))
    unsubscribe = system.events.subscribe(leave, to=ActorFailed)
    ref.tell(Do(crash))
    with pytest.raises(SystemExit):
        Flag().wait()
    unsubscribe()
    up(diary, "puppet", 2)
    assert ref.ask(Ask(lambda puppet: puppet.incarnation), timeout=_PATIENCE_S) == 2
