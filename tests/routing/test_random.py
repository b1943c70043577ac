"""Pools that are resized, crash and restart in many orders."""

from collections.abc import Callable
from functools import partial
from random import Random

import gevent
import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.events import DeadLetter
from rnd_actors.routing import LeastLoaded, RoundRobin, Routing, Sizing
from rnd_actors.simulation import explore
from tests.actors.toys import Action, Do, Note, Puppet, Record, balance, crash, found
from tests.routing.toys import WHO, puppets

NOTES = 60


@pytest.fixture
def kind_of_time() -> str:
    """Leave time as it is: each schedule has its own."""
    return "real"


def pause(_: Puppet) -> None:
    gevent.sleep(0.01)


def play(system: ActorSystem, seed: int, *, restarts: bool) -> None:
    """Tell notes from several greenlets while the pool changes; all have to be written down."""
    random, diary, letters = Random(seed), Record(), list[DeadLetter]()
    system.events.subscribe(letters.append, to=DeadLetter)
    capacity = None if restarts else random.choice([None, 1, 4])
    routing: Routing = random.choice([RoundRobin, LeastLoaded])()
    actions: list[Action] = [pause] if restarts else [pause, crash, Puppet.stop]
    pool = puppets(system, 3, diary, routing=routing, capacity=capacity, drain=True)
    refs = set(pool.refs)

    def send(first: int) -> None:
        for number in range(first, NOTES, 6):
            gevent.sleep(random.choice([0, 0.01]))
            pool.tell(Do(random.choice(actions)))
            pool.tell(Note(number))

    def resize() -> None:
        for _ in range(6):
            gevent.sleep(random.choice([0, 0.02]))
            size = random.randint(1, 5)
            sizing = Sizing(size, size + 3, every=0.01)
            pool.resize(sizing if random.random() < 0.5 else size)
            refs.update(pool.refs)

    parts: list[Callable[[], None]] = [
        *(partial(send, first) for first in range(6)),
        resize,
        resize,
    ]
    players = [gevent.spawn(part) for part in parts]
    if restarts:
        gevent.sleep(0.03)
        found(system, "pool").stop()
    gevent.joinall(players, raise_error=True)
    diary.expect(Note, NOTES)
    pool.resize(2)
    assert {pool.ask(WHO) for _ in range(40)} <= {"pool/1", "pool/2"}
    assert sorted(note.number for note in diary.all(Note)) == list(range(NOTES))
    assert not letters
    for ref in refs:
        told, places = balance(ref)
        assert told == places


@pytest.mark.parametrize("seed", range(20))
def test_no_message_is_lost_however_a_pool_is_resized(seed: int) -> None:
    explore(lambda system: play(system, seed, restarts=False), seeds=[seed])


@pytest.mark.parametrize("seed", range(20))
def test_no_message_is_lost_by_members_that_drain_when_their_pool_restarts(seed: int) -> None:
    explore(lambda system: play(system, seed, restarts=True), seeds=[seed])
