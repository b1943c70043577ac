"""Every message told is in exactly one place, and the counts say which."""

from contextlib import suppress
from typing import Any

import gevent
import pytest
from gevent import Greenlet
from hypothesis import given, settings
from hypothesis import strategies as st

from rnd_actors.actors import ActorRef, ActorSystem, Overflow
from rnd_actors.actors._ref import post
from rnd_actors.errors import MailboxFullError
from rnd_actors.events import DeadLetter, MessageFailed
from rnd_actors.simulation import VirtualTime
from rnd_actors.supervision import Restart, RestartChild, TerminateChild
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    crash,
    end_yourself,
    greenlet_of,
    is_down,
    puppet,
    settle,
    start,
    supervise,
    swallow_kills,
)
from tests.actors.toys_supervision import children_of, team

STEPS = st.sampled_from(
    ["tell", "tell", "tell", "post", "crash", "busy", "free", "run", "run", "stop", "drain"]
)


class Life:
    """What happens to one actor, step by step."""

    def __init__(self, ref: ActorRef[Any]) -> None:
        self.ref = ref
        self._gates: list[Gate] = []
        self._senders: list[Greenlet[..., None]] = []

    def go_on(self, step: str, number: int) -> None:
        match step:
            case "tell":
                self._tell(Note(number))
            case "post":
                post(self.ref, Note(number))
            case "crash":
                self._tell(Do(crash))
            case "busy":
                self._gates.append(Gate())
                self._tell(Do(self._gates[-1].pass_through))
            case "free":
                self.set_free()
            case "run":
                gevent.idle()
            case "stop":
                self.ref.stop()
            case "drain":
                self.ref.drain()

    def set_free(self) -> None:
        for gate in self._gates:
            gate.open()

    def await_senders(self) -> None:
        gevent.joinall(self._senders)
        assert all(sender.successful() for sender in self._senders)

    def _tell(self, message: object) -> None:
        def tell() -> None:
            with suppress(MailboxFullError):
                self.ref.tell(message)

        self._senders.append(gevent.spawn(tell))


@given(
    capacity=st.one_of(st.none(), st.integers(1, 3)),
    overflow=st.sampled_from(Overflow),
    restart=st.sampled_from([Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY]),
    steps=st.lists(STEPS, max_size=30),
    seed=st.integers(0, 10**9),
)
@settings(deadline=None, database=None, max_examples=60)
def test_the_counts_balance_at_any_moment(
    capacity: int | None, overflow: Overflow, restart: Restart, steps: list[str], seed: int
) -> None:
    with VirtualTime(seed):
        live_through(capacity, overflow, restart, steps)


def live_through(
    capacity: int | None, overflow: Overflow, restart: Restart, steps: list[str]
) -> None:
    events = Record()
    with ActorSystem() as system:
        system.events.subscribe(events.add)
        spec = puppet("puppet", restart=restart, capacity=capacity, overflow=overflow)
        life = Life(start(supervise(system), spec))
        for number, step in enumerate(steps):
            life.go_on(step, number)
            told, places = balance(life.ref)
            assert told == places
        life.set_free()

    life.await_senders()
    told, places = balance(life.ref)
    stats = life.ref.stats()
    assert told == places
    assert told == sum(step in {"tell", "post", "crash", "busy"} for step in steps)
    assert stats.failed == len(events.all(MessageFailed))
    assert stats.dead + stats.refused == len(events.all(DeadLetter))
    assert stats.mailbox == 0
    assert is_down(life.ref)


def test_the_message_in_hand_is_accounted_for() -> None:
    gate = Gate()
    with ActorSystem() as system:
        ref = system.start(puppet("puppet"))
        ref.tell(Do(gate.pass_through))
        gate.await_entry()
        ref.tell(Note(1))
        stats = ref.stats()
        assert (stats.told, stats.handled, stats.mailbox) == (2, 0, 1)
        assert balance(ref) == (2, 2)
        gate.open()


def test_dead_letters_and_refused_messages_are_counted_apart() -> None:
    gate = Gate()
    with ActorSystem() as system:
        spec = puppet(
            "puppet", capacity=1, overflow=Overflow.DROP_NEWEST, restart=Restart.TEMPORARY
        )
        ref = system.start(spec)
        ref.tell(Do(gate.pass_through))
        gate.await_entry()
        ref.tell(Note(1))
        ref.tell(Note(2))
        ref.stop()
        gate.open()
        ref.join()
        ref.tell(Note(3))
        stats = ref.stats()
        assert (stats.handled, stats.refused, stats.dead, stats.failed) == (1, 1, 2, 0)


def test_the_counts_balance_also_for_a_subscriber_that_hears_of_dead_letters(
    system: ActorSystem,
) -> None:
    gate, balances = Gate(), []
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    system.events.subscribe(lambda _: balances.append(balance(ref)), to=DeadLetter)
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    for number in range(3):
        ref.tell(Note(number))
    ref.stop()
    gate.open()
    ref.join()
    assert balances == [(4, 4)] * 3


def test_the_counts_balance_while_a_stash_of_an_actor_that_was_left_behind_is_lost(
    system: ActorSystem,
) -> None:
    gate, balances = Gate(), []
    ref = system.start(puppet("puppet", shutdown=0.5))
    for _ in range(3):
        ref.tell(Do(Puppet.stash))
    ref.tell(Do(swallow_kills(gate, times=3)))
    gate.await_entry()
    greenlet = greenlet_of(ref)
    system.root.ask(TerminateChild("puppet"))
    system.events.subscribe(lambda _: balances.append(balance(ref)), to=DeadLetter)
    gate.open()
    greenlet.join()
    assert balances == [(4, 4)] * 3


def test_the_counts_balance_for_a_subscriber_of_every_event_and_in_on_stop() -> None:
    diary, balances, gate = Record(), [], Gate()

    def look(_: object) -> None:
        balances.append(balance(ref))

    with ActorSystem() as system:
        ref = start(supervise(system), puppet("puppet", diary, at_stop=look))
        system.events.subscribe(look)
        disown: Do = Do(lambda puppet: puppet.unhandled(disown))
        for message in (disown, Do(Puppet.stash), Do(crash), Note(1), Do(Puppet.stash)):
            ref.tell(message)
        failing = ref.ask_future(Ask(crash))
        ref.tell(Do(end_yourself))
        ref.tell(Do(Puppet.stop))
        ref.tell(Do(gate.pass_through))
        gate.await_entry()
        ref.tell(Note(2))
        with pytest.raises(BoomError):
            failing.get(0)
        gate.open()
        gevent.idle()
    look(None)
    assert len(balances) > 20
    assert [told for told, _ in balances] == [places for _, places in balances]


def test_the_figures_of_a_supervisor_balance_with_the_dead_letters_that_it_makes(
    system: ActorSystem, events: Record
) -> None:
    boss, balances = team(system), []
    system.events.subscribe(lambda _: balances.append(balance(boss)), to=DeadLetter)
    boss.tell(RestartChild("nobody"))
    children_of(boss)
    assert [told - places for told, places in balances] == [0]
    assert len(events.all(DeadLetter)) == boss.stats().dead + boss.stats().refused
    told, places = balance(boss)
    assert told == places


def test_none_is_a_message_like_any_other(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    for _ in range(3):
        ref.tell(None)
    settle(ref)
    assert diary.items.count(None) == 3
    assert (ref.stats().handled, balance(ref)) == (4, (4, 4))
