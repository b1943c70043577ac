"""The fixtures for tests in virtual time."""

import time

import gevent
import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.simulation import VirtualTime
from rnd_actors.simulation._virtual_time import current_simulation
from rnd_actors.testing import EventCapture, Probe
from tests.actors.toys import Note, puppet


def test_the_test_runs_in_virtual_time(virtual_time: VirtualTime) -> None:
    assert current_simulation() is virtual_time
    gevent.sleep(86_000.0)
    assert virtual_time.now == time.monotonic() == 86_000.0


def test_every_test_begins_at_zero(virtual_time: VirtualTime) -> None:
    assert virtual_time.now == 0.0


def order() -> list[int]:
    """In which order greenlets run that begin at the same time."""
    done: list[int] = []
    for number in range(20):
        gevent.spawn(done.append, number)
    gevent.sleep(1.0)
    return done


@pytest.mark.parametrize("virtual_time", [0, 1, (2, 1)], indirect=True)
def test_the_schedule_can_be_chosen(
    virtual_time: VirtualTime, request: pytest.FixtureRequest
) -> None:
    with VirtualTime(request.node.callspec.params["virtual_time"]):
        expected = order()
    assert order() == expected


def test_without_a_choice_the_schedule_is_that_of_seed_0(virtual_time: VirtualTime) -> None:
    with VirtualTime(0):
        expected = order()
    assert order() == expected != list(range(20))


def test_a_system_lives_in_virtual_time(
    simulated_system: ActorSystem, virtual_time: VirtualTime
) -> None:
    probe = Probe(simulated_system, timeout=7200.0)
    simulated_system.start(puppet("puppet", at_start=lambda puppet: puppet.after(3600.0, Note(1))))
    probe.expect_none(within=3600.0)
    assert virtual_time.now == 3600.0


def test_a_system_of_the_other_fixture_does_too(
    virtual_time: VirtualTime, actor_system: ActorSystem, actor_events: EventCapture
) -> None:
    actor_system.start(puppet("puppet", at_start=lambda _: gevent.sleep(60.0)))
    assert virtual_time.now == 60.0


def test_without_the_fixture_time_is_real() -> None:
    assert current_simulation() is None
