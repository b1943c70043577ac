"""Time-outs in real time."""

from collections.abc import Iterator

import gevent
import pytest

from rnd_actors.actors import ActorSystem
from tests.actors.toys import Record
from tests.processes import PATIENCE_S
from tests.state_machine.toys import (
    GREEN,
    RED,
    YELLOW,
    Ask,
    TimedOut,
    Toy,
    go_to,
    going_to,
    state_of,
    toy,
)

SHORT_S = 0.2


@pytest.fixture
def virtual_time() -> Iterator[None]:
    with gevent.Timeout(PATIENCE_S, AssertionError("it takes too long")):
        yield


def time_in_state(self: Toy) -> None:
    self.diary.add(self.time_in_state)


def test_a_state_times_out_after_its_time(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary, at_timeout={GREEN: time_in_state}))
    ref.tell(going_to(GREEN, SHORT_S))
    diary.until(TimedOut(GREEN))
    assert state_of(ref) is GREEN
    assert diary.expect(float) >= SHORT_S * 0.9


def test_a_state_that_is_left_does_not_time_out(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary))
    ref.tell(going_to(GREEN, SHORT_S))
    ref.tell(going_to(YELLOW, 2 * SHORT_S))
    diary.until(TimedOut(YELLOW))
    assert diary.all(TimedOut) == [TimedOut(YELLOW)]
    assert ref.ask(Ask(lambda self: self.incarnation)) == 1


def test_time_outs_lead_round_in_a_circle(system: ActorSystem, diary: Record) -> None:
    system.start(
        toy(
            diary,
            at_enter={RED: go_to(RED, SHORT_S), GREEN: go_to(GREEN, SHORT_S)},
            at_timeout={RED: go_to(GREEN), GREEN: go_to(RED)},
        )
    )
    diary.until(TimedOut(RED), count=3)
    assert [each.state for each in diary.all(TimedOut)] == [RED, GREEN, RED, GREEN, RED]
