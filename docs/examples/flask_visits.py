"""A Flask application with an actor behind it, in each process that serves it."""

import atexit
import os
from collections import Counter
from contextlib import ExitStack
from functools import cache

from attrs import frozen
from flask import Flask
from gevent.lock import RLock

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, ExitReason, Request

app = Flask(__name__)


@app.get("/<page>")
def show(page: str) -> str:
    return f"process {os.getpid()}, visit {visits().ask(Visit(page))} of {page}\n"


@frozen
class Visit(Request[int]):
    page: str


class Visits(Actor[Visit]):
    """Counts the visits of each page."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def receive(self, message: Visit) -> None:
        self.counts[message.page] += 1
        self.reply(message, self.counts[message.page])

    def on_stop(self, reason: ExitReason) -> None:
        print(f"process {os.getpid()} counted {self.counts.total()} visits", flush=True)


_one_at_a_time = RLock()  # of gevent, since the process may be patched after this import


def visits() -> ActorRef[Visit]:
    """Return the actor of this process; the first request starts its system."""
    with _one_at_a_time:
        return _start()


@cache
def _start() -> ActorRef[Visit]:
    stack = ExitStack()
    system = stack.enter_context(ActorSystem())
    atexit.register(stack.close)
    return system.start(ChildSpec("visits", Visits))
