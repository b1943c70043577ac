"""Faults in a simulation: their kinds, their targets, and the injector that lets them strike."""

import random
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from attrs import field, frozen

from rnd_actors._validators import delay, optional, probability, seconds
from rnd_actors.errors import SettingsError
from rnd_actors.simulation._loop import VirtualLoop


class InjectedError(Exception):
    """The error of an actor that a test or a fault makes crash."""


@frozen
class Fault:
    """The base of all faults: its target, and when it strikes.

    Args:
        target: the name of an actor, or `process/3` for the simulated process of worker 3; `*`
            stands for any characters, also for `/`: `workers/*`. The root supervisor is never
            struck. If no actor or process ever has that name, the simulation fails at its end.
        at: strikes once, at so many virtual seconds.
        probability: strikes before each message of an actor, or each line of a process, with this
            probability, from 0 to 1. Either this or `at` has to be given.

    Raises:
        SettingsError: neither or both are given, or one is out of range.

    Example:
        >>> from rnd_actors.simulation import Crash, Slow
        >>> faults = [Crash("cache", at=2.5), Slow("workers/*", seconds=0.5, probability=0.1)]
    """

    target: str
    at: float | None = field(default=None, kw_only=True, validator=optional(delay))
    probability: float | None = field(default=None, kw_only=True, validator=optional(probability))

    def __attrs_post_init__(self) -> None:
        if (self.at is None) == (self.probability is None):
            got = (self.at, self.probability)
            raise SettingsError(type(self).__name__, "either at=… or probability=…", got)

    def is_for(self, name: str) -> bool:
        """Return whether an actor or process of this name is a target."""
        return fnmatchcase(name, self.target)


@frozen
class Crash(Fault):
    """An actor raises `InjectedError`, a simulated process exits with code 2."""


@frozen
class Hang(Fault):
    """Until it is killed, an actor handles no message more, a simulated process sends nothing."""


@frozen
class Slow(Fault):
    """An actor handles a message, or a simulated process sends a line, so many seconds late."""

    seconds: float = field(kw_only=True, validator=delay)


@frozen
class CutOff(Fault):
    """Messages to an actor are lost for so many seconds; a process loses its connection.

    Each lost message is counted as refused; an `ask` gets no answer. The process lives on and can
    be asked again at once.
    """

    seconds: float = field(default=1.0, kw_only=True, validator=seconds)


class Target(Protocol):
    """An actor or process with a name that faults can strike."""

    @property
    def name(self) -> str: ...

    def inject(self, fault: Fault) -> None:
        """Let a fault strike now."""


class Injector:
    """Lets each fault strike its targets: at its time, or with its probability.

    Args:
        faults: of the simulation.
        loop: its timers wait for the times of faults.
        seed: fixes which messages and lines are struck.
    """

    def __init__(self, faults: Sequence[Fault], loop: VirtualLoop, seed: str) -> None:
        self.now = loop.now
        self._faults = faults
        self._by_chance = [fault for fault in faults if fault.probability is not None]
        self._draw = random.Random(seed).random  # noqa: S311
        self._targets: dict[str, Target] = {}
        for fault in faults:
            if fault.at is not None:
                loop.timer(fault.at).start(self._strike, fault)

    def register(self, target: Target) -> None:
        """Let faults strike this target, in the place of another of the same name."""
        self._targets[target.name] = target

    def by_chance(self, target: Target) -> Iterator[Fault]:
        """Yield the faults that strike the next message or line of a registered target."""
        name = target.name
        for fault in self._by_chance if name in self._targets else ():
            if fault.is_for(name) and self._draw() < (fault.probability or 0.0):
                yield fault

    def check_targets(self) -> None:
        """Raise `SettingsError` if a fault had no target: a test would prove nothing."""
        for fault in self._faults:
            if not any(map(fault.is_for, self._targets)):
                names = ", ".join(self._targets) or "nobody"
                accepted = f"the name of an actor or process ({names})"
                raise SettingsError("target", accepted, fault.target)

    def _strike(self, fault: Fault) -> None:
        for name, target in tuple(self._targets.items()):
            if fault.is_for(name):
                target.inject(fault)
