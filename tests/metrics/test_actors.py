"""The metrics of actors: nothing is lost or counted twice, whoever ends, and nothing goes down."""

import random
import re
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from attrs import frozen

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Overflow, Request
from rnd_actors.errors import ActorError, AskTimeoutError
from rnd_actors.metrics import Metrics
from rnd_actors.simulation import simulate
from rnd_actors.supervision import (
    Backoff,
    ChildSpec,
    DynamicSupervisor,
    Restart,
    RestartIntensity,
    StartChild,
    Supervisor,
)
from tests.actors.toys import SOON, BoomError, Gate
from tests.metrics.figures import counters_of, messages, scraped


@frozen
class Question(Request[str]):
    pass


class Toy(Actor[object]):
    """Crashes on "boom", stops on "stop", waits at a gate, and answers a `Question`."""

    def receive(self, message: object) -> None:
        match message:
            case "boom":
                raise BoomError
            case "stop":
                self.stop()
            case Gate():
                message.pass_through()
            case Question():
                self.reply(message, "yes")


@pytest.fixture
def metrics(system: ActorSystem) -> Iterator[Metrics]:
    metrics = Metrics(system)
    yield metrics
    metrics.close()


def toy(name: str, **others: Any) -> ChildSpec[object]:
    return ChildSpec(name, Toy, **{"restart": Restart.TEMPORARY, **others})


def tell(ref: ActorRef[object], *told: object) -> None:
    for message in told:
        ref.tell(message)


def end(ref: ActorRef[object]) -> None:
    ref.drain()
    ref.join(SOON)


def test_messages_are_counted_by_what_became_of_them(system: ActorSystem, metrics: Metrics) -> None:
    ref = system.start(toy("toy", capacity=2, overflow=Overflow.DROP_NEWEST))
    gate = Gate()
    tell(ref, gate)
    gate.await_entry()
    tell(ref, "a", "boom", "refused", "refused")
    series = scraped(metrics)
    assert series['rnd_actors_mailbox_messages{actor="toy"}'] == 2
    assert messages(series, "toy") == {"refused": 2}
    gate.open()
    ref.join(SOON)
    tell(ref, "dead", "dead", "dead")
    series = scraped(metrics)
    assert messages(series, "toy") == {"handled": 2, "failed": 1, "refused": 2, "dead": 3}
    assert series["rnd_actors_dead_letters_total"] == 5
    assert series['rnd_actors_mailbox_messages{actor="toy"}'] == 0


def test_children_of_all_numbers_are_one_and_their_counts_stay_when_they_have_ended(
    system: ActorSystem, metrics: Metrics
) -> None:
    supervisor = system.start(ChildSpec("dynamic", DynamicSupervisor))
    refs = [supervisor.ask(StartChild(toy("toy"))) for _ in range(5)]
    for ref in refs:
        tell(ref, "a", "b")
    for ref in refs[:3]:
        end(ref)
    series = scraped(metrics)
    assert messages(series, "dynamic/toy-*") == {"handled": 10}
    assert series['rnd_actors_actors{actor="dynamic/toy-*"}'] == 2
    assert len([each for each in series if each.startswith("rnd_actors_actors{")]) == 3


def test_a_name_that_is_used_again_counts_on(system: ActorSystem, metrics: Metrics) -> None:
    first = system.start(toy("toy"))
    tell(first, "a", "b")
    end(first)
    second = system.start(toy("toy"))
    tell(second, "c")
    tell(first, "dead")
    end(second)
    assert messages(scraped(metrics), "toy") == {"handled": 3, "dead": 1}


def test_what_happened_before_is_counted_of_those_who_live(system: ActorSystem) -> None:
    ref = system.start(toy("toy"))
    tell(ref, "a")
    ref.ask(Question())
    metrics = Metrics(system)
    tell(ref, "b")
    end(ref)
    assert messages(scraped(metrics), "toy") == {"handled": 3}
    metrics.close()


def test_restarts_are_counted_also_of_actors_that_were_given_up() -> None:
    def main(system: ActorSystem) -> None:
        metrics = Metrics(system)
        children = [toy("toy", restart=Restart.TRANSIENT)]
        intensity = RestartIntensity(3, within=60.0)
        system.start(
            ChildSpec(
                "top",
                lambda: Supervisor(children, intensity=intensity, backoff=Backoff()),
                restart=Restart.TEMPORARY,
            )
        )
        for number in range(4):
            ref = system.find("top/toy")
            assert ref is not None
            tell(ref, "boom")
            gevent.sleep(2.0)
            expected = min(number + 1, 3)
            assert scraped(metrics)['rnd_actors_restarts_total{actor="top/toy"}'] == expected
        series = scraped(metrics)
        assert messages(series, "top/toy") == {"failed": 4}
        assert series['rnd_actors_actors{actor="top/toy"}'] == 0

    simulate(main)


def test_busy_seconds_are_those_in_which_messages_are_handled() -> None:
    class Sleeper(Actor[float]):
        def receive(self, message: float) -> None:
            gevent.sleep(message)

    def main(system: ActorSystem) -> None:
        metrics = Metrics(system)
        for number in range(2):
            system.start(ChildSpec(f"sleeper-{number}", Sleeper)).tell(3.0)
        gevent.sleep(10.0)
        busy_s = scraped(metrics)['rnd_actors_actor_busy_seconds_total{actor="sleeper-*"}']
        assert busy_s == pytest.approx(6.0)

    simulate(main)


def test_asks_are_timed_by_the_actor_that_is_asked_also_those_that_fail() -> None:
    def main(system: ActorSystem) -> None:
        metrics = Metrics(system)
        ref = system.start(toy("toy-1"))
        ref.ask(Question())
        gate = Gate()
        tell(ref, gate)
        with pytest.raises(AskTimeoutError):
            ref.ask(Question(), timeout=0.25)
        gate.open()
        series = scraped(metrics)
        buckets = {
            each[-2]: value
            for name, value in series.items()
            if 'ask_seconds_bucket{actor="toy-*"' in name
            for each in [re.split('"', name)]
        }
        assert buckets["0.0001"] == buckets["0.1"] == 1
        assert buckets["0.3"] == buckets["+Inf"] == 2
        assert series['rnd_actors_ask_seconds_count{actor="toy-*"}'] == 2
        assert series['rnd_actors_ask_seconds_sum{actor="toy-*"}'] == pytest.approx(0.25)

    simulate(main)


def test_the_last_counts_can_be_read_when_the_system_has_been_left() -> None:
    with ActorSystem() as system:
        metrics = Metrics(system)
        ref = system.start(toy("toy"))
        gate = Gate()
        tell(ref, gate)
        gate.await_entry()
        tell(ref, "left over")
        gate.open()
        ref.stop()
    series = scraped(metrics)
    assert messages(series, "toy") == {"handled": 1, "dead": 1}
    assert series['rnd_actors_actors{actor="system"}'] == 0


def test_metrics_that_are_closed_leave_nothing_with_the_system(system: ActorSystem) -> None:
    first, second = Metrics(system), Metrics(system)
    first.close()
    ref = system.start(toy("toy"))
    ref.ask(Question())
    assert 'rnd_actors_messages_total{actor="toy",outcome="handled"}' not in scraped(first)
    assert scraped(second)['rnd_actors_ask_seconds_count{actor="toy"}'] == 1
    second.close()
    assert system.ask_observers == ()


def test_actors_that_come_and_go_are_forgotten_although_nobody_scrapes(
    system: ActorSystem, metrics: Metrics
) -> None:
    for _ in range(1500):
        system.task(bool).get()
    [figures] = metrics._figures
    assert len(figures._known) < 1100  # type: ignore[union-attr]
    assert messages(scraped(metrics), "task-supervisor")["handled"] >= 1500
    assert scraped(metrics)['rnd_actors_actors{actor="task-supervisor/bool-*"}'] == 0


def test_there_are_never_more_than_200_names(system: ActorSystem, metrics: Metrics) -> None:
    supervisor = system.start(ChildSpec("all", Supervisor))
    names = [f"{one}{two}" for one in "ghijklmnopqrstu" for two in "ghijklmnopqrstu"]
    for name in names:
        tell(supervisor.ask(StartChild(toy(name))), "a")
    gevent.sleep(0)
    series = scraped(metrics)
    assert len([each for each in series if each.startswith("rnd_actors_actors{")]) == 200
    handled = [messages(series, f"all/{name}")["handled"] for name in names[:190]]
    assert handled == [1] * 190
    in_all = sum(value for name, value in series.items() if name.startswith("rnd_actors_actors{"))
    assert in_all == len(names) + 2


def test_a_system_that_has_not_been_entered_has_no_metrics() -> None:
    with pytest.raises(ActorError, match="entered"):
        Metrics(ActorSystem())


@pytest.mark.parametrize("seed", range(5))
def test_no_counter_goes_down_whatever_ends_and_all_messages_are_counted(seed: int) -> None:
    def main(system: ActorSystem) -> None:
        metrics, told, chance = Metrics(system), 0, random.Random(seed)
        backoff = Backoff(initial=0.1, maximum=0.1)
        spec = ChildSpec("pool", lambda: DynamicSupervisor(backoff=backoff))
        supervisor = system.start(spec)
        restarts = [Restart.TEMPORARY, Restart.TRANSIENT]
        refs: list[ActorRef[object]] = []
        before = counters_of(metrics)
        for _ in range(200):
            match chance.randrange(4):
                case 0:
                    refs.append(
                        supervisor.ask(StartChild(toy("toy", restart=chance.choice(restarts))))
                    )
                case 1 if refs:
                    chance.choice(refs).kill()
                case _ if refs:
                    told += 1
                    chance.choice(refs).tell(chance.choice(["a", "b", "boom", "stop"]))
            gevent.sleep(chance.choice([0.0, 0.01, 0.2]))
            after = counters_of(metrics)
            assert not {each for each, value in before.items() if after[each] < value}
            before = after
        gevent.sleep(60.0)
        counted = messages(scraped(metrics), "pool/toy-*")
        assert sum(counted.values()) == told
        assert counted.keys() == {"handled", "failed", "dead"}

    simulate(main, seed=seed)
