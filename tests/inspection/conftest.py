"""Each test runs in virtual time and in real time; a module that needs threads overrides `time`."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.simulation import VirtualTime
from rnd_actors.supervision import Restart
from rnd_actors.testing import no_leaks
from tests.actors.toys import Record, puppet


@pytest.fixture(params=["virtual", "real"])
def time(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(autouse=True)
def _no_leaks(only_new_objects: None, time: str) -> Iterator[None]:
    """Look for leaks before virtual time ends, and with it all that is left."""
    with VirtualTime(0) if time == "virtual" else nullcontext(), no_leaks():
        yield


@pytest.fixture
def one(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    """An actor that a crash restarts, and that stays down when it is stopped."""
    return system.start(puppet("one", diary, restart=Restart.TRANSIENT))


@pytest.fixture
def other(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return system.start(puppet("other", diary, restart=Restart.TRANSIENT))
