"""A system for each test, and what is published in it."""

from collections.abc import Iterator

import pytest

from rnd_actors.actors import ActorSystem
from tests.actors.toys import Record


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
