"""Pools: several alike actors under one supervisor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rnd_actors.actors._child_spec import INFINITY, ChildSpec
from rnd_actors.actors._shutdown import ShutdownOrder
from rnd_actors.actors._supervisor import Supervisor
from rnd_actors.errors import SettingsError

if TYPE_CHECKING:
    from rnd_actors.actors._actor import Actor

__all__ = ["pool_spec"]


def pool_spec(name: str, factory: Callable[[], Actor[Any]], size: int) -> ChildSpec:
    """Return the spec of a supervisor with `size` permanent children that `factory` makes."""
    if type(size) is not int or size < 1:
        raise SettingsError("size", "a whole number, 1 or more", size)
    children = [ChildSpec(str(number), factory) for number in range(1, size + 1)]
    return ChildSpec(
        name,
        lambda: Supervisor(children, shutdown_order=ShutdownOrder.PARALLEL),
        shutdown=INFINITY,
    )
