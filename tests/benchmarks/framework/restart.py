"""A supervised actor crashes again and again, and its next incarnation answers a question.

One round is: tell it to crash; ask it for the number of its incarnation. It is up before the clock
starts, and nothing is logged. The peers have no supervision; the hook that Pykka has for failures
starts the next actor there, which has a new ref.
"""

import logging
from typing import Any

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch


@frozen
class Crash:
    pass


def ours(restarts: int) -> float:
    from rnd_actors import Actor, ActorSystem, ChildSpec, Request

    @frozen
    class Ping(Request[int]):
        pass

    class Fragile(Actor[Crash | Ping]):
        def receive(self, message: Crash | Ping) -> None:
            match message:
                case Crash():
                    raise RuntimeError("told to crash")
                case Ping():
                    # With that sign of health it is restarted at once, as often as needed.
                    self.mark_healthy()
                    self.reply(message, self.incarnation)

    logging.getLogger("rnd_actors").setLevel(logging.CRITICAL)
    crash, ping, answers = Crash(), Ping(), []
    with ActorSystem() as system:
        fragile = system.start(ChildSpec("fragile", Fragile))
        with Stopwatch() as watch:
            for _ in range(restarts):
                fragile.tell(crash)
                answers.append(fragile.ask(ping))
    _check(answers, restarts)
    return watch.seconds


def on_pykka(restarts: int) -> float:
    import queue

    import pykka

    @frozen
    class Ping:
        pass

    class Fragile(pykka.ThreadingActor):
        def __init__(self, incarnation: int, successors: "queue.SimpleQueue[Any]") -> None:
            super().__init__()
            self.incarnation, self.successors = incarnation, successors

        def on_receive(self, message: Crash | Ping) -> int:
            match message:
                case Crash():
                    raise RuntimeError("told to crash")
                case Ping():
                    return self.incarnation

        def on_failure(self, *_: object) -> None:
            self.successors.put(Fragile.start(self.incarnation + 1, self.successors))

    logging.getLogger("pykka").setLevel(logging.CRITICAL)
    crash, ping, answers = Crash(), Ping(), []
    successors: queue.SimpleQueue[Any] = queue.SimpleQueue()
    fragile = Fragile.start(1, successors)
    with Stopwatch() as watch:
        for _ in range(restarts):
            fragile.tell(crash)
            fragile = successors.get()
            answers.append(fragile.ask(ping))
    pykka.ActorRegistry.stop_all()
    _check(answers, restarts)
    return watch.seconds


def raw_gevent(restarts: int) -> float:
    """An exception ends a greenlet, and a link spawns the next one."""
    from unittest.mock import patch

    import gevent
    from gevent.queue import SimpleQueue

    class Fragile:
        def __init__(self) -> None:
            self.incarnation = 0
            self.inbox: SimpleQueue[str] = SimpleQueue()
            self.answers: SimpleQueue[int] = SimpleQueue()

        def start(self, _: object = None) -> None:
            self.incarnation += 1
            self.greenlet = gevent.spawn(self.live)
            self.greenlet.link_exception(self.start)

        def live(self) -> None:
            while (message := self.inbox.get()) != "stop":
                if message == "crash":
                    raise RuntimeError("told to crash")
                self.answers.put(self.incarnation)

    fragile, answers = Fragile(), []
    # The hub would print the traceback of each crash.
    with patch.object(gevent.get_hub(), "print_exception", new=lambda *_: None):
        fragile.start()
        gevent.sleep(0)
        with Stopwatch() as watch:
            for _ in range(restarts):
                fragile.inbox.put("crash")
                fragile.inbox.put("ping")
                answers.append(fragile.answers.get())
        fragile.inbox.put("stop")
        fragile.greenlet.join()
    _check(answers, restarts)
    return watch.seconds


def _check(answers: list[int], restarts: int) -> None:
    assert answers == list(range(2, restarts + 2)), "not every crash led to one restart"
