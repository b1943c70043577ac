"""Routing: one address for many alike actors, and pools of them."""

from rnd_actors.routing._pool import Pool, start_pool
from rnd_actors.routing._pool_supervisor import Sizing
from rnd_actors.routing._router import Router, Unavailable
from rnd_actors.routing._routing import (
    Broadcast,
    ConsistentHash,
    LeastLoaded,
    RoundRobin,
    Routing,
)

__all__ = [
    "Broadcast",
    "ConsistentHash",
    "LeastLoaded",
    "Pool",
    "RoundRobin",
    "Router",
    "Routing",
    "Sizing",
    "Unavailable",
    "start_pool",
]
