import pytest

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Crashed
from rnd_actors.events import ActorFailed, ActorStarted, MessageFailed
from rnd_actors.supervision import ChildSpec
from rnd_actors.testing import EventCapture, Probe, crash_at, delay, drop


class Relay(Actor[int]):
    """Tells somebody else what it is told."""

    def __init__(self, to: ActorRef[int]) -> None:
        self._to = to

    def receive(self, message: int) -> None:
        self._to.tell(message)


def relay(system: ActorSystem, to: Probe, name: str = "relay") -> ActorRef[int]:
    return system.start(ChildSpec(name, lambda: Relay(to.ref)))


def test_an_actor_crashes_at_its_kth_message_and_only_there(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    ref = actor_system.start(ChildSpec("relay", crash_at(3, lambda: Relay(probe.ref))))
    for number in range(1, 7):
        ref.tell(number)
    assert [probe.expect(int) for _ in range(5)] == [1, 2, 4, 5, 6]
    assert ref.stats().failed == 1


def test_the_error_of_the_crash_can_be_chosen(
    actor_system: ActorSystem, actor_events: EventCapture
) -> None:
    ref = actor_system.start(ChildSpec("idle", crash_at(1, Actor, KeyError)))
    ref.tell(1)
    assert isinstance(actor_events.fish_for(MessageFailed).error, KeyError)


def test_messages_between_two_are_lost_and_others_are_not(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    unheard, heard = (relay(actor_system, probe, name) for name in ("unheard", "heard"))
    with drop(probe.ref, sender=unheard):
        unheard.tell(1)
        heard.tell(2)
        probe.ref.tell(3)
        assert sorted(probe.expect(int) for _ in range(2)) == [2, 3]
    unheard.tell(4)
    assert probe.expect(int) == 4
    assert probe.ref.stats().refused == 1
    assert actor_system.dead_letters == 1


def test_a_lost_request_is_told_to_its_asker(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    with drop(probe.ref, matching=lambda message: message == "lost"):
        probe.ref.tell("lost")
        probe.ref.tell("kept")
        assert probe.expect(str) == "kept"


def test_late_messages_come_in_their_order_and_after_others(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    with delay(probe.ref, 0.01, matching=lambda message: message < 10):
        for number in (1, 2, 30, 3):
            probe.ref.tell(number)
        assert [probe.expect(int) for _ in range(4)] == [30, 1, 2, 3]


def test_at_the_end_of_the_block_late_messages_are_delivered(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    with delay(probe.ref, 3600):
        probe.ref.tell(1)
        probe.ref.tell(2)
        probe.expect_none(within=0.01)
    assert [probe.expect(int), probe.expect(int)] == [1, 2]


def test_events_are_captured_in_their_order(actor_system: ActorSystem) -> None:
    with EventCapture(actor_system, to=ActorFailed) as failures:
        with EventCapture(actor_system) as events:
            ref = actor_system.start(ChildSpec("idle", crash_at(1, Actor)))
            ref.tell(1)
            assert events.expect(ActorStarted).actor == "idle"
            events.expect(MessageFailed)
            assert events.fish_for(ActorStarted).incarnation == 2
        failure = failures.expect(ActorFailed)
    assert isinstance(failure.reason, Crashed)
    ref.tell(2)
    assert len([e for e in events.events if isinstance(e, ActorStarted)]) == 2


def test_an_event_that_nobody_expects_fails(
    actor_system: ActorSystem, actor_events: EventCapture
) -> None:
    actor_events.expect_none(within=0.01)
    actor_system.start(ChildSpec("idle", Actor))
    with pytest.raises(AssertionError, match="got ActorStarted"):
        actor_events.expect_none()
