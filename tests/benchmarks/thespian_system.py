"""What the programs on Thespian share; they import it when they are run, as it needs the peer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from thespian.actors import ActorSystem

__all__ = ["thespian_system"]


@contextmanager
def thespian_system() -> Iterator[Any]:
    """Yield a system on Thespian's fastest base, which runs all actors in the calling thread.

    All messages have been handled there when `tell` returns.
    """
    system = ActorSystem("simpleSystemBase")
    try:
        yield system
    finally:
        system.shutdown()
