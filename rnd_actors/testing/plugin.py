"""Fixtures for pytest: `pytest_plugins = ["rnd_actors.testing.plugin"]` in your `conftest.py`.

The process has to be patched before pytest imports anything: `pytest -p rnd_actors.patched`.

* `actor_system`: an `ActorSystem` that is left at the end of the test, which then fails if
  a process, greenlet, socket or pipe remains.
* `actor_events`: the `EventCapture` of that system, from its beginning.
* `virtual_time`: the test runs in virtual time, on the schedule of seed 0. For other schedules:
  `@pytest.mark.parametrize("virtual_time", range(1000), indirect=True)`. pytest-randomly, if
  it is there, seeds `random` again after that.
* `simulated_system`: an `ActorSystem` in virtual time.
"""

from collections.abc import Iterator

import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.simulation import VirtualTime
from rnd_actors.testing._leaks import no_leaks
from rnd_actors.testing._probe import EventCapture

__all__ = ["actor_events", "actor_system", "simulated_system", "virtual_time"]


@pytest.fixture
def actor_system() -> Iterator[ActorSystem]:
    """Yield an actor system that leaves nothing behind."""
    with no_leaks(), ActorSystem() as system:
        yield system


@pytest.fixture
def actor_events(actor_system: ActorSystem) -> Iterator[EventCapture]:
    """Yield the events of the test's actor system."""
    with EventCapture(actor_system) as events:
        yield events


@pytest.fixture
def virtual_time(request: pytest.FixtureRequest) -> Iterator[VirtualTime]:
    """Run the test in virtual time."""
    with VirtualTime(getattr(request, "param", 0)) as time:
        yield time


@pytest.fixture
def simulated_system(virtual_time: VirtualTime) -> Iterator[ActorSystem]:  # noqa: ARG001
    """Yield an actor system that lives in virtual time."""
    with ActorSystem() as system:
        yield system
