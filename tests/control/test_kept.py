"""What is kept of events, ends and samples: the last of them, in bounded room."""

import logging
from itertools import pairwise
from typing import Any

import pytest

from rnd_actors.actors import Crashed, Stopped
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.control import _history
from rnd_actors.control._events import KeptEvents
from rnd_actors.control._history import History, _Values
from rnd_actors.events import ActorFailed, ActorStopped, DeadLetter, Event
from rnd_actors.running import Progress
from rnd_actors.workers import WorkerSpawned, WorkerStreaming


def letters(events: KeptEvents, count: int) -> None:
    for number in range(count):
        events(DeadLetter("nobody", number, "it is a test"))


def messages_of(records: list[dict[str, Any]]) -> list[int]:
    return [record["fields"]["message"] for record in records]


def test_events_since_a_number_are_those_after_it() -> None:
    events = KeptEvents()
    letters(events, 3)
    mark = events.latest
    events(ActorStopped("nobody", 1, Stopped()))  # of a lower level
    letters(events, 2)
    assert messages_of(events.since(mark, logging.INFO, 10)) == [0, 1]
    assert events.since(events.latest, logging.INFO, 10) == []
    lost, *others = events.since(0, logging.INFO, 3)
    assert (lost, messages_of(others)) == ({"lost": 2}, [2, 0, 1])


def test_the_ends_of_an_actor_are_its_last_ten() -> None:
    events = KeptEvents()
    for number in range(1, 15):
        events(ActorFailed("shop", number, Crashed(ValueError(number))))
    events(ActorStopped("shop", 15, Stopped()))
    ends = events.ends_of("shop")
    assert [end["incarnation"] for end in ends] == [*range(6, 16)]
    assert [end["reason"] for end in ends[-2:]] == ["crashed: ValueError: 14", "shutdown"]
    assert events.ends_of("nobody") == []


def test_of_actors_that_come_and_go_the_last_thousand_are_known() -> None:
    events = KeptEvents()
    for number in range(1001):
        events(ActorStopped(f"task-{number}", 1, Stopped()))
    assert events.ends_of("task-0") == []
    assert len(events.ends_of("task-1")) == 1


def test_the_events_of_an_actor_name_it_or_its_worker() -> None:
    events = KeptEvents()
    events(WorkerStreaming(worker=3, incarnation=1))
    events(ActorStopped("workers/3", 1, Stopped()))
    events(ActorStopped("workers/33", 1, Stopped()))
    texts = [record["event"] for record in events.of_actor("workers/3", 10)]
    assert texts == ["WorkerStreaming", "ActorStopped"]
    assert [record["event"] for record in events.of_actor("workers/3", 1)] == ["ActorStopped"]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Told:
    """A run as it is told by events, with a clock that is set."""

    def __init__(self, values: list[int] | None = None) -> None:
        self.clock = Clock()
        self.progress = Progress(10**6, 2, clock=self.clock)
        self.history = History(self.progress, [] if values is None else values)

    def __call__(self, event: Event, at: float) -> None:
        self.clock.now = at
        self.progress(event)
        self.history(event)


@pytest.mark.parametrize("count", [600, 601, 5000, 40_000])
def test_the_points_are_spread_over_the_run_whatever_its_length(count: int) -> None:
    told = Told()
    told(WorkerSpawned(worker=1, incarnation=1, pid=1, port=1), 0.0)
    for number in range(1, count + 1):
        told(SamplesAccepted(1, 1, 5, number, 0.5), number * 0.1)
    points = told.history.to_plain()["samples"]
    assert min(count, 300) <= len(points) <= 600
    assert (points[0], points[-1][1]) == ((0.1, 1), count)
    gaps = [after[0] - before[0] for before, after in pairwise(points)]
    assert max(gaps) < 5 * count * 0.1 / len(points)


def test_a_lane_has_the_changes_of_a_worker_and_the_last_ones_only() -> None:
    told = Told()
    told(WorkerSpawned(worker=1, incarnation=1, pid=1, port=1), 0.0)
    told(WorkerStreaming(worker=1, incarnation=1), 1.0)
    told(WorkerStreaming(worker=1, incarnation=1), 2.0)
    told(ActorFailed("workers/1", 1, Stopped()), 3.0)
    told(ActorFailed("shop/workers/1", 1, Stopped()), 4.0)
    told(ActorFailed("workers/7", 1, Stopped()), 4.0)
    assert told.history.to_plain()["lanes"] == {
        1: [(0.0, "starting"), (1.0, "streaming"), (3.0, "crashed")]
    }
    for number in range(300):
        told(WorkerSpawned(worker=1, incarnation=number, pid=1, port=1), number)
        told(WorkerStreaming(worker=1, incarnation=number), number)
    lane = told.history.to_plain()["lanes"][1]
    assert (len(lane), lane[-1]) == (200, (299, "streaming"))


def test_the_histogram_counts_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_history, "_COUNTED_AT_ONCE", 7)
    values = [*range(100)] * 2
    told = Told(values)
    assert told.history.to_plain()["histogram"]["counts"] == [10] * 20
    values += [0] * 5
    histogram = told.history.to_plain()["histogram"]
    assert histogram["counts"] == [15, *[10] * 19]
    assert histogram["edges"] == [*range(0, 100, 5), 99]
    assert Told().history.to_plain()["histogram"] == {"edges": [], "counts": []}


def test_values_of_many_kinds_are_counted_in_ranges() -> None:
    values = [number * 1009 for number in range(-2500, 2500)]
    counted = _Values(values).counted()
    assert len(counted) <= 1000
    assert sum(counted.values()) == 5000
    assert min(values) - 4096 <= min(counted) <= min(values)
