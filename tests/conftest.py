"""Every test runs on its own: nothing of ours may be left when it ends."""

from collections.abc import Iterator

import gevent
import pytest

from tests.leaks import no_leaks


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    gevent.get_hub().threadpool  # noqa: B018 - made before the test, it is not a leak of the test
    with no_leaks():
        yield
