import pytest
from attrs import frozen

from rnd_actors.actors import ActorSystem, Request
from rnd_actors.testing import Probe


@frozen
class HowMany(Request[int]):
    pass


def test_it_gives_what_it_was_told_in_order(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    probe.ref.tell(1)
    probe.ref.tell("two")
    assert (probe.expect(int), probe.expect(str)) == (1, "two")


def test_it_fails_on_a_message_of_another_type(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    probe.ref.tell("one")
    with pytest.raises(AssertionError, match="expected a int as the next message; got 'one'"):
        probe.expect(int)


def test_it_fails_when_nothing_comes_and_says_what_came_before(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system, timeout=0.01)
    probe.ref.tell(1)
    probe.expect(int)
    with pytest.raises(AssertionError, match=r"no message came within 0\.01 s; .*: \[1\]"):
        probe.expect(int)


def test_it_fishes_for_a_type_over_others(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    for message in ("a", "b", 3, "c"):
        probe.ref.tell(message)
    assert (probe.fish_for(int), probe.expect(str)) == (3, "c")


def test_it_can_expect_that_nothing_comes(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    probe.expect_none()
    probe.ref.tell("surprise")
    with pytest.raises(AssertionError, match=r"expected no message within 5 s; got 'surprise'"):
        probe.expect_none(within=5)


def test_it_answers_requests_when_the_test_says_what(actor_system: ActorSystem) -> None:
    probe = Probe(actor_system)
    future = probe.ref.ask_future(HowMany())
    request = probe.expect(HowMany)
    assert not future.is_ready
    probe.reply(request, 42)
    assert future.get() == 42
