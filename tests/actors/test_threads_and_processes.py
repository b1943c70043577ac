"""What needs real threads and processes, and therefore real time."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.monkey import get_original

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Deferred, Overflow, Request
from rnd_actors.actors._cell import Cell
from rnd_actors.actors._loop import thread_id
from rnd_actors.errors import AskTimeoutError, MailboxFullError, WrongThreadError
from rnd_actors.events import ActorStarted, ChildRestarting, DeadLetter
from rnd_actors.routing import ConsistentHash, RoundRobin, Router
from rnd_actors.supervision import Backoff, ChildSpec, Restart, Supervisor, WhichChildren
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    kill,
    nothing,
    puppet,
    settle,
    while_the_loop_rests,
)
from tests.actors.toys_supervision import Clerk, Handle, clerk
from tests.processes import PATIENCE_S

start_new_thread = get_original("_thread", "start_new_thread")


@pytest.fixture
def virtual_time() -> None:
    """Leave time as it is, and make the thread pool before the test: it is no leak."""
    gevent.get_hub().threadpool  # noqa: B018


def in_another_thread(action: Callable[[], object]) -> object:
    """Do it in a thread that gevent has not patched, and return what it returns or raises."""
    return gevent.get_hub().threadpool.apply(action)


@pytest.mark.parametrize(
    "use",
    [
        lambda ref: ref.ask(Ask(nothing)),
        lambda ref: ref.ask(Ask(nothing), timeout=None),
        lambda ref: ref.ask_future(Ask(nothing)),
    ],
    ids=["ask", "ask for ever", "ask_future"],
)
def test_another_thread_is_told_that_it_is_the_wrong_one(
    system: ActorSystem, diary: Record, use: Callable[[ActorRef[Any]], object]
) -> None:
    ref = system.start(puppet("puppet", diary))
    with pytest.raises(WrongThreadError, match="puppet lives in the thread that entered its Actor"):
        in_another_thread(lambda: use(ref))
    settle(ref)
    assert ref.stats().told == 1
    assert diary.all(Note) == []


@pytest.mark.parametrize(
    "use",
    [ActorRef.stop, ActorRef.drain, lambda ref: ref.join(0)],
    ids=["stop", "drain", "join"],
)
def test_another_thread_may_not_end_an_actor_either(
    system: ActorSystem, use: Callable[[ActorRef[Any]], object]
) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    with pytest.raises(WrongThreadError), gevent.Timeout(PATIENCE_S):
        in_another_thread(lambda: use(ref))
    assert ref.is_alive


@pytest.mark.parametrize(
    "use",
    [
        Puppet.stop,
        Puppet.mark_healthy,
        Puppet.unbecome,
        lambda puppet: puppet.become(nothing),
        lambda puppet: puppet.tell_first(Note(1)),
        lambda puppet: puppet.after(0.0, Note(1)),
        lambda puppet: puppet.every(0.1, Note(1)),
        lambda puppet: puppet.set_timer("tick", 0.0, Note(1)),
        lambda puppet: puppet.set_receive_timeout(0.1, Note(1)),
        lambda puppet: puppet.background(nothing),
        lambda puppet: puppet.pipe(list, Note),
        lambda puppet: puppet.watch(puppet.ref),
        lambda puppet: puppet.link(puppet.ref),
    ],
)
def test_an_actor_uses_itself_in_its_own_thread(
    system: ActorSystem, diary: Record, use: Callable[[Puppet], object]
) -> None:
    ref = system.start(puppet("puppet", diary))
    actor = ref.ask(Ask(lambda puppet: puppet))
    with pytest.raises(WrongThreadError, match="puppet lives in the thread that entered its Actor"):
        in_another_thread(lambda: use(actor))
    settle(ref)
    assert diary.items == [Began("puppet", 1)]


def test_an_answer_from_another_thread_wakes_the_asker_at_once(system: ActorSystem) -> None:
    def answer_in_a_thread(clerk: Clerk, request: Handle) -> None:
        in_another_thread(lambda: clerk.reply(request, 42))

    ref = system.start(clerk("clerk"))
    began = time.monotonic()
    assert ref.ask(Handle(answer_in_a_thread), timeout=2 * PATIENCE_S) == 42
    assert time.monotonic() - began < PATIENCE_S


@pytest.mark.parametrize(
    "use",
    [
        lambda mine, other: mine.watch(other),
        lambda mine, other: mine.link(other),
    ],
)
def test_an_actor_has_nothing_to_do_with_one_of_another_thread(
    system: ActorSystem, use: Callable[[Puppet, ActorRef[Any]], object]
) -> None:
    here, failed = system.start(puppet("here", restart=Restart.TEMPORARY)), []

    def use_in_another_thread() -> None:
        with ActorSystem() as other:
            there = other.start(puppet("there", restart=Restart.TEMPORARY))
            try:
                there.ask(Ask(lambda puppet: use(puppet, here)))
            except WrongThreadError as error:
                failed.append(error)
            there.stop()
        gevent.get_hub().destroy(destroy_loop=True)

    in_another_thread(use_in_another_thread)
    assert len(failed) == 1
    here.stop()
    here.join()


def test_a_request_is_not_forwarded_to_another_thread(system: ActorSystem) -> None:
    here, failed = system.start(clerk("here")), []

    def forward_from_another_thread() -> None:
        with ActorSystem() as other:
            there = other.start(clerk("there", restart=Restart.TEMPORARY))
            try:
                there.ask(Handle(lambda clerk, request: clerk.forward(request, here)))
            except WrongThreadError as error:
                failed.append(error)
        gevent.get_hub().destroy(destroy_loop=True)

    in_another_thread(forward_from_another_thread)
    assert len(failed) == 1


def test_another_thread_cannot_subscribe(system: ActorSystem) -> None:
    with pytest.raises(WrongThreadError, match="subscribed to in the thread of the system alone"):
        in_another_thread(lambda: system.events.subscribe(print))


def test_another_thread_can_start_no_actor(system: ActorSystem) -> None:
    with pytest.raises(WrongThreadError):
        in_another_thread(lambda: system.start(puppet("puppet")))
    assert system.find("puppet") is None


@pytest.mark.parametrize(
    "use",
    [
        lambda system: system.find("puppet"),
        ActorSystem.tree,
        lambda system: system.events.publish(ActorStarted("puppet", 1)),
        lambda system: system.root.ask(WhichChildren()),
    ],
    ids=["find", "tree", "publish", "root.ask"],
)
def test_another_thread_may_not_use_the_system_either(
    system: ActorSystem, events: Record, use: Callable[[ActorSystem], object]
) -> None:
    system.start(puppet("puppet"))
    heard = len(events.items)
    with pytest.raises(WrongThreadError):
        in_another_thread(lambda: use(system))
    assert len(events.items) == heard


@pytest.mark.parametrize("is_ready", [True, False])
def test_another_thread_cannot_wait_for_a_future(
    system: ActorSystem,
    is_ready: bool,  # noqa: FBT001
) -> None:
    gate, ref = Gate(), system.start(puppet("puppet"))
    future = ref.ask_future(Ask(nothing if is_ready else gate.pass_through))
    if is_ready:
        future.get()
    else:
        gate.await_entry()
    with pytest.raises(WrongThreadError):
        in_another_thread(future.get)
    gate.open()
    future.get()


def test_what_another_thread_tells_arrives_in_order(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))

    def tell() -> None:
        for number in range(1_000):
            ref.tell(Note(number))

    in_another_thread(tell)
    diary.until(Note(999))
    assert diary.all(Note) == [Note(number) for number in range(1_000)]
    assert ref.stats().told == 1_000


def test_what_another_thread_tells_wakes_an_actor_that_waits(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("puppet", diary))
    settle(ref)
    thread = gevent.get_hub().threadpool.spawn(ref.tell, Note(1))
    with gevent.Timeout(PATIENCE_S):
        diary.until(Note(1))
    thread.get()


def test_another_thread_waits_for_room_in_a_bounded_mailbox(
    system: ActorSystem, diary: Record
) -> None:
    gate, ref = Gate(), system.start(puppet("puppet", diary, capacity=2))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()

    def tell() -> None:
        for number in range(100):
            ref.tell(Note(number))

    thread = gevent.get_hub().threadpool.spawn(tell)
    while ref.stats().mailbox < 2:
        gevent.sleep(0)
    assert not thread.ready()
    gate.open()
    thread.get()
    diary.until(Note(99))
    assert diary.all(Note) == [Note(number) for number in range(100)]


def test_another_thread_is_told_that_a_mailbox_is_full(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary, capacity=1, overflow=Overflow.FAIL))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    in_another_thread(lambda: ref.tell(Note(1)))
    with pytest.raises(MailboxFullError):
        in_another_thread(lambda: ref.tell(Note(2)))
    gate.open()
    diary.until(Note(1))
    settle(ref)
    assert diary.all(Note) == [Note(1)]
    assert balance(ref) == (4, 4)


def test_what_another_thread_tells_a_stopped_actor_is_a_dead_letter(
    system: ActorSystem, events: Record
) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.stop()
    ref.join()
    in_another_thread(lambda: ref.tell(Note(1)))
    assert events.expect(DeadLetter).message == Note(1)


@pytest.mark.parametrize("capacity", [None, 1], ids=["unbounded", "bounded"])
def test_threads_that_tell_at_once_lose_no_message(
    system: ActorSystem, diary: Record, capacity: int | None
) -> None:
    ref = system.start(puppet("puppet", diary, capacity=capacity))

    def tell(first: int) -> None:
        for number in range(100):
            ref.tell(Note(first + number))

    threads = [gevent.get_hub().threadpool.spawn(tell, first) for first in (0, 1_000, 2_000)]
    for thread in threads:
        thread.get()
    diary.expect(Note, 300)
    told = [note.number for note in diary.all(Note)]
    for first in (0, 1_000, 2_000):
        assert [number for number in told if number // 1_000 * 1_000 == first] == list(
            range(first, first + 100)
        )


@pytest.mark.parametrize("fails", [False, True], ids=["reply", "reply_error"])
def test_an_answer_that_another_thread_gives_wakes_the_asker_at_once(
    system: ActorSystem,
    fails: bool,  # noqa: FBT001
) -> None:
    def answer_in_a_thread(clerk: Clerk, request: Handle) -> None:
        deferred = clerk.defer(request)
        give = deferred.reply_error if fails else deferred.reply
        what: Any = BoomError("in a thread") if fails else "in a thread"
        start_new_thread(lambda: give(what), ())

    ref = system.start(clerk("clerk"))
    started = time.monotonic()
    if fails:
        with pytest.raises(BoomError, match="in a thread"):
            ref.ask(Handle(answer_in_a_thread), timeout=2 * PATIENCE_S)
    else:
        assert ref.ask(Handle(answer_in_a_thread), timeout=2 * PATIENCE_S) == "in a thread"
    assert time.monotonic() - started < PATIENCE_S


def test_an_answer_of_another_thread_that_comes_too_late_is_dropped(system: ActorSystem) -> None:
    owed: list[Deferred[Any]] = []
    ref = system.start(clerk("clerk"))
    with pytest.raises(AskTimeoutError):
        ref.ask(Handle(lambda clerk, request: owed.append(clerk.defer(request))), timeout=0.01)
    settle(ref)  # it may not have come to its turn in time
    in_another_thread(lambda: owed[0].reply("too late"))
    settle(ref)


class Add(Request[int]):
    """A request to count one more."""


class Counter(Actor[Add]):
    def __init__(self) -> None:
        self._count = 0

    def receive(self, message: Add) -> None:
        self._count += 1
        self.reply(message, self._count)


def test_each_thread_may_have_a_system_of_its_own(system: ActorSystem) -> None:
    def count() -> int:
        try:
            with ActorSystem() as other:
                counter = other.start(ChildSpec("counter", Counter))
                return [counter.ask(Add()) for _ in range(300)][-1]
        finally:
            gevent.get_hub().destroy(destroy_loop=True)

    thread = gevent.get_hub().threadpool.spawn(count)
    counter = system.start(ChildSpec("counter", Counter))
    answers = list[int]()
    while not thread.ready():
        answers.append(counter.ask(Add()))
    assert thread.get() == 300
    assert answers == list(range(1, len(answers) + 1))


def test_a_thread_that_waits_for_room_lets_its_own_actors_go_on(system: ActorSystem) -> None:
    gate, ref, answers = Gate(), system.start(puppet("full", capacity=1)), list[int]()
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))

    def count_while_one_waits() -> None:
        try:
            with ActorSystem() as other:
                counter = other.start(ChildSpec("counter", Counter))
                teller = gevent.spawn(ref.tell, Note(2))
                gevent.sleep(0)
                answers.extend(counter.ask(Add()) for _ in range(10))
                teller.get()
        finally:
            gevent.get_hub().destroy(destroy_loop=True)

    thread = gevent.get_hub().threadpool.spawn(count_while_one_waits)
    give_up_at = time.monotonic() + PATIENCE_S
    while len(answers) < 10 and time.monotonic() < give_up_at:
        gevent.sleep(0.001)
    in_time = len(answers)
    gate.open()
    thread.get()
    settle(ref)
    assert in_time == 10
    assert ref.stats().handled == 4


@pytest.mark.parametrize("capacity", [None, 1], ids=["unbounded", "bounded"])
def test_a_thread_that_tells_a_stopped_actor_does_not_wait_for_a_loop_that_rests(
    capacity: int | None,
) -> None:
    with ActorSystem() as system:
        ref = system.start(puppet("puppet", capacity=capacity))
    while_the_loop_rests(lambda: ref.tell(Note(1)))
    gevent.sleep(0)
    assert ref.stats().dead == 1


def test_other_threads_get_on_while_actors_keep_this_one_busy(system: ActorSystem) -> None:
    counter = system.start(ChildSpec("counter", Counter))

    def run_and_rest() -> None:
        for _ in range(20):
            sleep(0)  # gives the interpreter's lock away, and has to get it back

    sleep = get_original("time", "sleep")
    thread = gevent.get_hub().threadpool.spawn(run_and_rest)
    give_up_at = time.process_time() + 5.0  # on a busy machine its second means little
    while not thread.ready() and time.process_time() < give_up_at:
        counter.ask(Add())
    assert thread.ready()
    thread.get()


IN_ANOTHER_PROCESS = """
from gevent import monkey; monkey.patch_all()
from types import SimpleNamespace
from rnd_actors.routing import ConsistentHash
refs = tuple(SimpleNamespace(name=f"p{number}") for number in range(4))
routing = ConsistentHash(str)
print(*(routing.choose(refs, f"user-{number}")[0].name for number in range(200)))
"""


@pytest.mark.slow
def test_a_key_leads_to_the_same_actor_in_every_process() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", IN_ANOTHER_PROCESS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    first, second = (process.communicate(timeout=PATIENCE_S)[0].split() for process in processes)
    refs: Any = tuple(SimpleNamespace(name=f"p{number}") for number in range(4))
    routing: ConsistentHash = ConsistentHash(str)
    here = [routing.choose(refs, f"user-{number}")[0].name for number in range(200)]
    assert first == second == here


STUCK = """
from gevent import monkey; monkey.patch_all()
from rnd_actors import Actor, ActorSystem, ChildSpec, Request
from rnd_actors.errors import DeadlockError
class Debtor(Actor[Request[int]]):
    def receive(self, message):
        self.debt = self.defer(message)
with ActorSystem() as system:
    try:
        system.start(ChildSpec("debtor", Debtor)).ask(Request(), timeout=None)
    except DeadlockError as error:
        print(error)
"""


def test_in_real_time_too_a_wait_that_nothing_can_end_is_a_deadlock() -> None:
    process = subprocess.run(
        [sys.executable, "-c", STUCK],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert "waits for the answer of debtor to Request()" in process.stdout


def test_what_another_thread_tells_a_pool_that_restarts_goes_through_the_loop(
    system: ActorSystem, diary: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Backoff(initial=0.05, maximum=0.05, jitter=0.0)
    down, threads = Event(), []
    team = ChildSpec("pool", lambda: Supervisor([puppet("1", diary)]))
    boss = system.start(ChildSpec("boss", lambda: Supervisor([team], backoff=slow)))
    router = Router.over_children(boss.ask(WhichChildren())[0].ref, RoundRobin())
    system.events.subscribe(lambda event: down.set() if event.delay_s else None, to=ChildRestarting)
    for number in (1, 2):
        diary.until(Began("boss/pool/1", 1), number)
        kill(boss.ask(WhichChildren())[0].ref)
    down.wait()
    post = Cell.post

    def post_and_note(cell: Cell, entry: object) -> None:
        threads.append(thread_id())
        post(cell, entry)

    monkeypatch.setattr(Cell, "post", post_and_note)
    while_the_loop_rests(lambda: router.tell(Note(1)))
    diary.until(Note(1))
    assert set(threads) == {thread_id()}
