"""The injector: lets faults strike those who are registered with it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from rnd_actors.errors import SettingsError
from rnd_actors.simulation._faults import Fault

if TYPE_CHECKING:
    from rnd_actors.simulation._loop import VirtualLoop

__all__ = ["Injector", "Victim"]


class Victim(Protocol):
    """Something with a name that faults can strike."""

    @property
    def name(self) -> str: ...

    def suffer(self, fault: Fault) -> None:
        """Hear that a fault strikes now."""


class Injector:
    """Lets each fault strike its targets: at its time, or with its probability.

    Args:
        faults: what is to go wrong.
        loop: tells when the time of a fault has come.
        seed: fixes which messages and lines are struck.
    """

    def __init__(self, faults: Sequence[Fault], loop: VirtualLoop, seed: str) -> None:
        self._faults = faults
        self._by_chance = [fault for fault in faults if fault.probability is not None]
        self._draw = random.Random(seed).random  # noqa: S311
        self._victims: dict[str, Victim] = {}
        for fault in faults:
            if fault.at is not None:
                loop.timer(fault.at).start(self._strike, fault)

    def register(self, victim: Victim) -> None:
        """Let faults strike this one, in the place of another of the same name."""
        self._victims[victim.name] = victim

    def by_chance(self, victim: Victim) -> Iterator[Fault]:
        """Give the faults that strike the next message or line of one who is registered."""
        name = victim.name
        for fault in self._by_chance if name in self._victims else ():
            if fault.is_for(name) and self._draw() < (fault.probability or 0.0):
                yield fault

    def check_targets(self) -> None:
        """Raise `SettingsError` if a fault had nobody to strike: a test would prove nothing."""
        for fault in self._faults:
            if not any(map(fault.is_for, self._victims)):
                names = ", ".join(self._victims) or "nobody"
                raise SettingsError(
                    "target", f"the name of an actor or process ({names})", fault.target
                )

    def _strike(self, fault: Fault) -> None:
        for name, victim in tuple(self._victims.items()):
            if fault.is_for(name):
                victim.suffer(fault)
