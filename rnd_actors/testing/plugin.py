"""Fixtures for pytest: `pytest_plugins = ["rnd_actors.testing.plugin"]` in your `conftest.py`.

The process has to be patched before pytest imports anything; gevent does that with
`python -m gevent.monkey --module pytest`.

* `actor_system`: an `ActorSystem` that is left at the end of the test, which then fails if
  a process, greenlet, socket or pipe remains.
* `actor_events`: the `EventCapture` of that system, from its beginning.
"""

from collections.abc import Iterator

import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.testing._capture import EventCapture
from rnd_actors.testing._leaks import no_leaks

__all__ = ["actor_events", "actor_system"]


@pytest.fixture
def actor_system() -> Iterator[ActorSystem]:
    """Give an actor system that leaves nothing behind."""
    with no_leaks(), ActorSystem() as system:
        yield system


@pytest.fixture
def actor_events(actor_system: ActorSystem) -> Iterator[EventCapture]:
    """Give all events of the test's actor system."""
    with EventCapture(actor_system) as events:
        yield events
