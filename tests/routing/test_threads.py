"""Pools and other threads."""

from collections.abc import Callable

import gevent
import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import ActorDeadError, RouterUnavailableError, WrongThreadError
from rnd_actors.events import DeadLetter
from rnd_actors.routing import Broadcast, LeastLoaded, Unavailable
from rnd_actors.supervision import TerminateChild
from tests.actors.toys import Do, Gate, Note, Record, while_the_loop_rests
from tests.routing.toys import kill_twice, puppets


@pytest.fixture
def kind_of_time() -> str:
    """Leave time as it is, and make the thread pool before the test: it is no leak."""
    gevent.get_hub().threadpool  # noqa: B018
    return "real"


def in_another_thread(action: Callable[[], object]) -> object:
    """Do it in a thread that gevent has not patched, and return what it returns or raises."""
    return gevent.get_hub().threadpool.apply(action)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_pool_cannot_be_resized_from_another_thread(system: ActorSystem, size: int) -> None:
    pool = puppets(system, 2)
    with pytest.raises(WrongThreadError, match="pool lives in the thread that entered"):
        in_another_thread(lambda: pool.resize(size))
    assert pool.size == len(pool.refs) == 2


def test_another_thread_gets_no_ref_for_a_key(system: ActorSystem) -> None:
    pool = puppets(system, 2)
    with pytest.raises(WrongThreadError):
        in_another_thread(lambda: pool.ref_for("key"))


@pytest.mark.parametrize("capacity", [None, 2])
def test_all_that_other_threads_tell_a_pool_is_handled_however_it_is_resized(
    system: ActorSystem, diary: Record, events: Record, capacity: int | None
) -> None:
    pool = puppets(system, 4, diary, routing=LeastLoaded(), capacity=capacity)

    def send(first: int) -> None:
        for number in range(first, first + 500):
            pool.tell(Note(number))

    threads = [gevent.get_hub().threadpool.spawn(send, first) for first in (0, 500)]
    while not all(thread.ready() for thread in threads):
        for size in (1, 4):
            pool.resize(size)
            gevent.sleep(0)
    diary.expect(Note, 1_000)
    assert sorted(note.number for note in diary.all(Note)) == list(range(1_000))
    assert not events.all(DeadLetter)


def test_another_thread_waits_for_room_in_a_pool(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    pool = puppets(system, 1, diary, capacity=1)
    pool.tell(Do(gate.pass_through))
    gate.await_entry()
    pool.tell(Note(1))
    thread = gevent.get_hub().threadpool.spawn(pool.tell, Note(2))
    while not pool.refs[0]._cell.mailbox.blocked:
        gevent.sleep(0)
    assert not thread.ready()
    gate.open()
    thread.get()
    diary.until(Note(2))


def test_another_thread_that_tells_a_pool_that_restarts_is_treated_alike(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    waiting = puppets(system, 1, diary)
    kill_twice(system, waiting, events)
    while_the_loop_rests(lambda: waiting.tell(Note(1)))
    diary.until(Note(1))


def test_another_thread_is_told_that_a_pool_restarts(system: ActorSystem, events: Record) -> None:
    pool = puppets(system, 1, unavailable=Unavailable.RAISE)
    kill_twice(system, pool, events)
    with pytest.raises(RouterUnavailableError):
        while_the_loop_rests(lambda: pool.tell(Note(1)))


def test_what_another_thread_tells_an_unavailable_pool_is_a_dead_letter(
    system: ActorSystem, events: Record
) -> None:
    pool = puppets(system, 1, unavailable=Unavailable.DEAD_LETTER)
    kill_twice(system, pool, events)
    while_the_loop_rests(lambda: pool.tell(Note(1)))
    assert events.expect(DeadLetter).message == Note(1)


def test_what_a_routing_cannot_route_from_another_thread_is_a_dead_letter(
    system: ActorSystem, events: Record
) -> None:
    class Confused(Broadcast):
        def choose(self, refs: object, message: object) -> object:  # type: ignore[override]
            raise KeyError(message)

    pool = puppets(system, 1, routing=Confused())
    in_another_thread(lambda: pool.tell(Note(1)))
    assert events.expect(DeadLetter).why == "KeyError: Note(number=1)"


def test_another_thread_is_told_that_a_pool_has_stopped_for_good(system: ActorSystem) -> None:
    pool = puppets(system, 1)
    system.root.ask(TerminateChild("pool"))
    with pytest.raises(ActorDeadError):
        in_another_thread(lambda: pool.tell(Note(1)))
