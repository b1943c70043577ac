"""What the tests of pools share."""

from collections.abc import Callable
from typing import Any

import gevent
from attrs import frozen

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Request
from rnd_actors.events import ChildRestarting
from rnd_actors.routing import Pool, RoundRobin, Routing, Sizing, start_pool
from rnd_actors.supervision import Backoff
from tests.actors.toys import (
    GENEROUS,
    Action,
    Ask,
    Puppet,
    Record,
    found,
    kill,
    nothing,
    settle,
)

WHO = Ask(lambda puppet: puppet.ref.name)
"""Asks a puppet for its name."""

AT_ONCE = Backoff(initial=0.001, maximum=0.001, jitter=0.0)


@frozen
class Of(Request[str]):
    """Asks for the name of who is responsible for this key."""

    key: str


class Keeper(Actor[Of]):
    def receive(self, message: Of) -> None:
        self.reply(message, self.ref.name)


def puppets(
    system: ActorSystem,
    size: int | Sizing,
    diary: Record | None = None,
    *,
    routing: Routing | None = None,
    at_start: Action = nothing,
    **options: Any,
) -> Pool[Any]:
    """A pool of puppets; `options` are those of `start_pool`."""
    diary = diary or Record()
    options = {"intensity": GENEROUS, "backoff": AT_ONCE, **options}
    return start_pool(
        system,
        "pool",
        lambda _: Puppet(diary, at_start=at_start),
        size,
        routing or RoundRobin(),
        **options,
    )


def names(pool: Pool[Any]) -> list[str]:
    """The members to which the pool sends."""
    return sorted(ref.name for ref in pool.refs)


def soon(action: Callable[..., object], *args: object) -> Any:
    """Begin it in a greenlet of its own, and let that come to its first wait."""
    greenlet = gevent.spawn(action, *args)
    gevent.sleep(0)
    return greenlet


def ended(ref: ActorRef[Any]) -> bool:
    """Wait until an actor has stopped for good."""
    return ref.join() is not None


def kill_twice(system: ActorSystem, pool: Pool[Any], events: Record) -> None:
    """Kill the supervisor of a pool, and again when it is up: then it is in its backoff."""
    for number in (1, 2):
        for ref in pool.refs:
            settle(ref)
        kill(found(system, "pool"))
        events.expect(ChildRestarting, number)
