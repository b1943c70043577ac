"""Whatever happens in whichever order: what watchers were told adds up to what is there."""

from random import Random
from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.events import DeadLetter
from rnd_actors.registry import Registered, Registry, Unregistered
from rnd_actors.supervision import Restart
from tests.actors.toys import Do, Record, balance, crash, puppet, settle, start, supervise

KEYS = ("a", "b", "c")


@pytest.fixture
def time() -> str:
    return "virtual"


@pytest.mark.parametrize("seed", range(50))
def test_a_registry_agrees_with_its_watchers_and_a_plain_list(
    system: ActorSystem, events: Record, seed: int
) -> None:
    random, registry, news = Random(seed), Registry[str](), Record()
    watcher = system.start(puppet("watcher", news))
    expected: dict[str, list[ActorRef[Any]]] = {key: [] for key in KEYS}
    team = supervise(system)
    refs = [start(team, puppet(str(i), restart=Restart.TRANSIENT)) for i in range(8)]
    for key in KEYS:
        registry.watch(key, watcher)
    for _ in range(200):
        key, ref, deed = random.choice(KEYS), random.choice(refs), random.random()
        if deed < 0.5:
            registry.register(key, ref)
            if ref.is_alive and ref not in expected[key]:
                expected[key].append(ref)
        elif deed < 0.9:
            registry.unregister(key, ref)
            expected[key] = [each for each in expected[key] if each != ref]
        elif deed < 0.97 and ref.is_alive:
            ref.tell(Do(crash))
            settle(ref)
        else:
            ref.stop()
            ref.join()
            expected = {
                key: [each for each in kept if each != ref] for key, kept in expected.items()
            }
        assert {key: list(registry.lookup(key)) for key in KEYS} == expected
    settle(watcher)
    assert replayed(news) == expected
    assert events.all(DeadLetter) == []
    for ref in (watcher, *refs):
        told, places = balance(ref)
        assert told == places


def replayed(news: Record) -> dict[str, list[ActorRef[Any]]]:
    """What is there by what a watcher was told."""
    there: dict[str, list[ActorRef[Any]]] = {key: [] for key in KEYS}
    for item in news.items:
        if isinstance(item, Registered):
            assert item.ref not in there[item.key]
            there[item.key].append(item.ref)
        elif isinstance(item, Unregistered):
            there[item.key].remove(item.ref)
    return there
