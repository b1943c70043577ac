"""Routing: one address for many alike actors."""

from rnd_actors.actors._routing import (
    Broadcast,
    ConsistentHash,
    LeastLoaded,
    RoundRobin,
    Router,
    Routing,
)

__all__ = [
    "Broadcast",
    "ConsistentHash",
    "LeastLoaded",
    "RoundRobin",
    "Router",
    "Routing",
]
