"""Each test runs in virtual time."""

from collections.abc import Iterator

import pytest

from rnd_actors.testing import no_leaks


@pytest.fixture(autouse=True)
def _no_leaks(only_new_objects: None, virtual_time: object) -> Iterator[None]:
    """Look for leaks before virtual time ends, and with it all that is left."""
    with no_leaks():
        yield
