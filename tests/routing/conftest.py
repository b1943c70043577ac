"""Each test runs in virtual time and in real time; a module can override `kind_of_time`."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from rnd_actors.simulation import VirtualTime
from rnd_actors.testing import no_leaks


@pytest.fixture(params=["virtual", "real"])
def kind_of_time(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(autouse=True)
def _no_leaks(only_new_objects: None, kind_of_time: str) -> Iterator[None]:
    """Look for leaks before virtual time ends, and with it all that is left."""
    with VirtualTime(0) if kind_of_time == "virtual" else nullcontext(), no_leaks():
        yield
