import random

import pytest

from rnd_actors.cluster._messages import Beat, Ended, LinesRead
from rnd_actors.cluster._readings import Readings
from rnd_actors.workers import LinesLost, Samples

HOST = "10.0.0.7"


def batch(received: int, incarnation: int = 1, worker: int = 3) -> Samples:
    return Samples(worker, incarnation, received - 1, (5,), 0, received, 0.0)


def lost(lines: int, incarnation: int = 1) -> LinesLost:
    return LinesLost(3, incarnation, lines, HOST)


@pytest.fixture
def readings() -> Readings:
    """Return those of worker 3, whose first incarnation has begun."""
    made = Readings()
    made.begin(3, 1, HOST)
    return made


def test_what_was_read_and_has_not_arrived_at_the_end_is_lost(readings: Readings) -> None:
    for message in (batch(4), LinesRead(3, 1, 9), batch(7), Beat()):
        readings.note(message)
    assert readings.end(3, 1, arrived=4) == lost(5)
    assert readings.end(3, 1, arrived=4) is None


def test_nothing_is_lost_if_all_has_arrived(readings: Readings) -> None:
    readings.note(batch(4))
    assert readings.end(3, 1, arrived=4) is None


def test_what_comes_too_late_is_lost_and_counts_once(readings: Readings) -> None:
    readings.note(batch(4))
    readings.note(LinesRead(3, 1, 6))
    assert readings.end(3, 1, arrived=4) == lost(2)
    readings.begin(3, 2, "10.0.0.8")
    told = []
    for message in (batch(5), batch(6), batch(8), batch(6), batch(8), LinesRead(3, 1, 9)):
        readings.note(message)
        told.append(readings.late())
    assert told == [[], [], [lost(2)], [], [], [lost(1)]]
    readings.note(batch(3, incarnation=2))
    assert readings.late() == []
    assert readings.end(3, 2, arrived=3) is None


def test_an_incarnation_that_was_lost_is_remembered_beyond_those_that_end_in_order(
    readings: Readings,
) -> None:
    readings.end(3, 1, arrived=0)
    for incarnation in (2, 3):
        readings.begin(3, incarnation, "10.0.0.8")
        readings.note(batch(1, incarnation))
        readings.note(Ended(3, incarnation, None))
        assert readings.end(3, incarnation, arrived=1) is None
    readings.note(batch(2, incarnation=3))
    assert readings.late() == []
    readings.note(batch(2))
    assert readings.late() == [lost(2)]


def test_of_an_incarnation_that_nobody_knows_nothing_is_told(readings: Readings) -> None:
    for message in (batch(5, incarnation=7), batch(5, worker=4), Ended(4, 1, None)):
        readings.note(message)
    assert readings.late() == []
    assert readings.end(3, 7, arrived=0) is None


@pytest.mark.parametrize("seed", range(50))
def test_each_line_arrives_or_is_lost(seed: int) -> None:
    chance = random.Random(seed)
    readings, arrived, told = Readings(), 0, list[LinesLost]()
    readings.begin(3, 1, HOST)
    end = chance.randrange(30)
    for lines in range(1, 30):
        if lines == end and (news := readings.end(3, 1, arrived)) is not None:
            told.append(news)
        message = chance.choice((batch(lines), LinesRead(3, 1, lines)))
        for _ in range(chance.choice((1, 1, 2))):
            readings.note(message)
        told += readings.late()
        if lines < end and isinstance(message, Samples) and chance.random() < 0.8:
            arrived = lines
    told += filter(None, [readings.end(3, 1, arrived)])
    assert sum(news.lines for news in told) == 29 - arrived
