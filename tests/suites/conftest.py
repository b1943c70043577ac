"""Virtual time for each test, a system in it, and what is published there."""

from collections.abc import Iterator

import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.testing import no_leaks
from tests.actors.toys import Record


@pytest.fixture(autouse=True)
def _no_leaks(only_new_objects: None, virtual_time: object) -> Iterator[None]:
    """Look for leaks before virtual time ends, and with it all that is left."""
    with no_leaks():
        yield


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
