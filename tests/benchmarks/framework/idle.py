"""Many actors are alive at once, and one message is sent to each of them.

All are up before the clock starts. It stops when all have handled their message. With `memory` the
programs return the bytes of one actor instead of seconds: how much more memory is resident then
than before the first start, divided by the number of actors. Each of these runs needs a fresh
process, because memory that was used before is used again without becoming resident again.
"""

import gc
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch


def ours(actors: int, *, memory: bool = False) -> float:
    from gevent.event import Event

    from rnd_actors import Actor, ActorSystem, ChildSpec

    class Reporter(Actor[Report]):
        def receive(self, message: Report) -> None:
            message.tally.add()

    done = Event()
    tally = Tally(actors, done.set)
    report = Report(tally)
    with ActorSystem() as system:
        before = _resident_bytes()
        refs = [system.start(ChildSpec(f"reporter-{n}", Reporter)) for n in range(actors)]
        with Stopwatch() as watch:
            for ref in refs:
                ref.tell(report)
            done.wait()
        after = _resident_bytes()
    tally.check()
    return (after - before) / actors if memory else watch.seconds


def on_pykka(actors: int, *, memory: bool = False) -> float:
    import threading
    import time

    import pykka

    class Reporter(pykka.ThreadingActor):
        def on_receive(self, message: Report) -> None:
            message.tally.add()

    done = threading.Event()
    tally = Tally(actors, done.set)
    report = Report(tally)
    try:
        time.sleep(0)  # on gevent it starts the event loop, which is no part of an actor
        before = _resident_bytes()
        refs = [Reporter.start() for _ in range(actors)]
        with Stopwatch() as watch:
            for ref in refs:
                ref.tell(report)
            done.wait()
        after = _resident_bytes()
    finally:
        # Those that were started would keep the process alive if one more cannot be.
        pykka.ActorRegistry.stop_all()
    tally.check()
    return (after - before) / actors if memory else watch.seconds


def on_thespian(actors: int, *, memory: bool = False) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    class Reporter(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            if isinstance(message, Report):
                message.tally.add()

    tally = Tally(actors, lambda: None)
    report = Report(tally)
    with thespian_system() as system:
        before = _resident_bytes()
        refs = [system.createActor(Reporter) for _ in range(actors)]
        with Stopwatch() as watch:
            for ref in refs:
                system.tell(ref, report)
        after = _resident_bytes()
    tally.check()
    return (after - before) / actors if memory else watch.seconds


def on_xoscar(actors: int, *, memory: bool = False) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Reporter(xoscar.Actor):
        async def report(self, tally: Tally) -> None:
            tally.add()

    async def play(address: str) -> float:
        done = asyncio.Event()
        tally = Tally(actors, done.set)
        before = _resident_bytes()
        refs = [await create(Reporter, address=address) for _ in range(actors)]
        with Stopwatch() as watch:
            for ref in refs:
                await ref.report.tell(tally)
            await done.wait()
        after = _resident_bytes()
        tally.check()
        return (after - before) / actors if memory else watch.seconds

    return run_in_pool(play)


def raw_gevent(actors: int, *, memory: bool = False) -> float:
    """A greenlet waits for its own queue."""
    import gevent
    from gevent.event import Event
    from gevent.queue import SimpleQueue

    def handle(inbox: "SimpleQueue[Tally | None]") -> None:
        while tally := inbox.get():
            tally.add()

    done = Event()
    tally = Tally(actors, done.set)
    gevent.get_hub()  # the start of the event loop is no part of a greenlet
    before = _resident_bytes()
    inboxes: list[SimpleQueue[Tally | None]] = [SimpleQueue() for _ in range(actors)]
    greenlets = [gevent.spawn(handle, inbox) for inbox in inboxes]
    gevent.sleep(0)
    with Stopwatch() as watch:
        for inbox in inboxes:
            inbox.put(tally)
        done.wait()
    after = _resident_bytes()
    for inbox in inboxes:
        inbox.put(None)
    gevent.joinall(greenlets)
    tally.check()
    return (after - before) / actors if memory else watch.seconds


def raw_greenlets(actors: int, *, memory: bool) -> float:
    """A greenlet is switched to without a hub; only its memory is measured."""
    from greenlet import getcurrent, greenlet

    def handle(tally: Tally | None) -> None:
        main = getcurrent().parent
        assert main is not None
        while tally:
            tally.add()
            tally = main.switch()

    assert memory, "the switches to bare greenlets are not timed"
    tally = Tally(actors, lambda: None)
    before = _resident_bytes()
    greenlets = [greenlet(handle) for _ in range(actors)]
    for idle in greenlets:
        idle.switch(tally)
    after = _resident_bytes()
    for idle in greenlets:
        idle.switch(None)
    tally.check()
    return (after - before) / actors


def raw_asyncio(actors: int, *, memory: bool = False) -> float:
    """A task waits for its own queue."""
    import asyncio

    async def handle(inbox: asyncio.Queue[Tally | None]) -> None:
        while tally := await inbox.get():
            tally.add()

    async def play() -> float:
        done = asyncio.Event()
        tally = Tally(actors, done.set)
        before = _resident_bytes()
        inboxes: list[asyncio.Queue[Tally | None]] = [asyncio.Queue() for _ in range(actors)]
        tasks = [asyncio.create_task(handle(inbox)) for inbox in inboxes]
        await asyncio.sleep(0)
        with Stopwatch() as watch:
            for inbox in inboxes:
                inbox.put_nowait(tally)
            await done.wait()
        after = _resident_bytes()
        for inbox in inboxes:
            inbox.put_nowait(None)
        await asyncio.gather(*tasks)
        tally.check()
        return (after - before) / actors if memory else watch.seconds

    return asyncio.run(play())


class Tally:
    """Counts, also from many threads, and calls `when_complete` with the last one expected."""

    def __init__(self, expected: int, when_complete: Callable[[], object]) -> None:
        self._is_complete = False
        self._expected = expected
        self._when_complete = when_complete
        self._numbers = count(1)  # one step of it is not divided among threads, unlike `+= 1`

    def add(self) -> None:
        """Count one more."""
        if next(self._numbers) == self._expected:
            self._is_complete = True
            self._when_complete()

    def check(self) -> None:
        """Raise an AssertionError if it has not counted all."""
        assert self._is_complete, f"not all {self._expected} have handled their message"


@frozen
class Report:
    """The message."""

    tally: Tally


def _resident_bytes() -> int:
    """Return the bytes of this process that are resident now, without garbage."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
