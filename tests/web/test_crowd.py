"""Twenty who watch, ten who never read, fifty tabs opened and closed, again and again."""

import gc
import time
from contextlib import ExitStack

import psutil
import pytest

from rnd_actors.web import _server
from rnd_actors.web._streams import Streams
from tests.benchmarks.crowd import READERS, SLEEPERS, crowd
from tests.processes import PATIENCE_S, until
from tests.web.test_run import served

WAVES = 4
MOST_BYTES = 4 << 20
"""By which the memory may grow from the first wave to the last."""


@pytest.mark.slow
def test_a_crowd_leaves_nothing_behind_and_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_server, "_PATIENCE_S", 600.0)  # so that nobody is dropped meanwhile
    me = psutil.Process()
    with served(0.01, workers=4) as page, ExitStack() as stack:
        (streams,) = [each for each in gc.get_objects() if type(each) is Streams and not each._over]
        sizes, sockets = [], []
        for _ in range(WAVES):
            with crowd(page.listener) as process:
                assert process.stdout is not None
                assert process.stdout.readline() == "closed\n"
                until(lambda: len(streams._watchers) == READERS + SLEEPERS)
            until(lambda: not streams._watchers)
            gc.collect()
            sizes.append(me.memory_info().rss)
            sockets.append(len(me.net_connections("tcp")))
        assert sizes[-1] - sizes[0] < MOST_BYTES
        assert sockets[-1] <= sockets[0]
        process = stack.enter_context(crowd(page.listener))
        assert process.stdout is not None
        process.stdout.readline()
        page.post("/api/stop")
        began = time.monotonic()
        page.result()
        assert time.monotonic() - began < PATIENCE_S
