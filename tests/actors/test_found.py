"""What the tests found: each of these fails until `rnd_actors.actors` is corrected."""

from contextlib import suppress

import gevent
import pytest
from gevent import GreenletExit

from rnd_actors.actors import ActorStarted, ActorSystem, EventStream
from tests.actors.toys import (
    SOON,
    Ask,
    Do,
    Gate,
    Record,
    crash,
    puppet,
    settle,
)


def test_background_work_that_outlives_its_incarnation_does_not_crash_the_next_one(
    system: ActorSystem, events: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()

    def fail_late() -> None:
        for _ in range(3):
            with suppress(GreenletExit):
                gate.pass_through()
        crash()

    monkeypatch.setattr("rnd_actors.actors._owned._KILL_PATIENCE_S", SOON)
    ref = system.start(puppet("puppet"))
    ref.tell(Do(lambda puppet: puppet.background(fail_late)))
    settle(ref)
    gevent.idle()
    ref.stop()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2
    gate.open()
    gevent.idle()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_unsubscribing_twice_ends_no_other_subscription(diary: Record) -> None:
    stream = EventStream()
    unsubscribe = stream.subscribe(diary.add)
    stream.subscribe(diary.add)
    unsubscribe()
    unsubscribe()
    stream.publish(ActorStarted("puppet", 1))
    assert diary.items == [ActorStarted("puppet", 1)]
