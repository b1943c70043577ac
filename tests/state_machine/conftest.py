"""Each test runs in real time and in virtual time, unless its module overrides `virtual_time`."""

from collections.abc import Iterator

import gevent
import pytest

from rnd_actors.simulation import VirtualTime
from rnd_actors.testing import no_leaks
from tests.processes import PATIENCE_S


@pytest.fixture(params=["real time", "virtual time"])
def virtual_time(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "virtual time":
        with VirtualTime():
            yield
    else:
        with gevent.Timeout(PATIENCE_S, AssertionError("it takes too long")):
            yield


@pytest.fixture(autouse=True)
def _no_leaks(only_new_objects: None, virtual_time: object) -> Iterator[None]:
    """Look for leaks before virtual time ends, and with it all that is left."""
    with no_leaks():
        yield
