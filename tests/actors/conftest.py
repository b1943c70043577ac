"""A system for each test, and what is published in it."""

import gc
from collections.abc import Iterator

import pytest

from rnd_actors.actors import ActorSystem
from tests.actors.toys import Record


@pytest.fixture(scope="session", autouse=True)
def _only_new_objects_are_searched_for_leaks() -> Iterator[None]:
    """What was imported is no leak; looking through it twice a test took most of the time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def system() -> Iterator[ActorSystem]:
    with ActorSystem() as system:
        yield system


@pytest.fixture
def events(system: ActorSystem) -> Record:
    record = Record()
    system.events.subscribe(record.add)
    return record


@pytest.fixture
def diary() -> Record:
    return Record()
