"""Faults: what is to go wrong in a simulation, with whom, and when."""

from fnmatch import fnmatchcase

from attrs import field, frozen

from rnd_actors._validators import delay, optional, probability, seconds
from rnd_actors.errors import SettingsError

__all__ = ["Crash", "CutOff", "Fault", "Hang", "InjectedError", "Slow"]


class InjectedError(Exception):
    """What an actor crashes with when a test or a fault wants it to.

    Example:
        >>> from rnd_actors.simulation import InjectedError
        >>> raise InjectedError("at message 3")
        Traceback (most recent call last):
        ...
        rnd_actors.simulation._faults.InjectedError: at message 3
    """


@frozen
class Fault:
    """The base of what can go wrong: with whom, and when.

    Args:
        target: the name of an actor, or `process/3` for the simulated process of worker 3; `*`
            stands for any characters, also for `/`, as in `workers/*`. The root supervisor is
            never struck. If nobody ever has that name, the simulation fails at its end.
        at: strikes once, at so many virtual seconds.
        probability: strikes before each message of an actor, or each line of a process, with this
            probability, from 0 to 1. Either this or `at` has to be given.

    Raises:
        SettingsError: neither or both are given, or one is out of range.

    Example:
        >>> from rnd_actors.simulation import Crash, Fault
        >>> isinstance(Crash("workers/*", probability=0.01), Fault)
        True
    """

    target: str
    at: float | None = field(default=None, kw_only=True, validator=optional(delay))
    probability: float | None = field(default=None, kw_only=True, validator=optional(probability))

    def __attrs_post_init__(self) -> None:
        if (self.at is None) == (self.probability is None):
            got = (self.at, self.probability)
            raise SettingsError(type(self).__name__, "either at=… or probability=…", got)

    def is_for(self, name: str) -> bool:
        """Say whether the target has this name."""
        return fnmatchcase(name, self.target)


@frozen
class Crash(Fault):
    """An actor raises `InjectedError`, a simulated process exits with code 2.

    Example:
        >>> from rnd_actors.simulation import Crash
        >>> Crash("cache", at=2.5).is_for("cache")
        True
    """


@frozen
class Hang(Fault):
    """An actor stops handling messages, a simulated process sends nothing more, until it is killed.

    Example:
        >>> from rnd_actors.simulation import Hang
        >>> Hang("process/*", probability=0.001).is_for("process/3")
        True
    """


@frozen
class Slow(Fault):
    """An actor handles a message, or a simulated process sends a line, so many seconds late.

    Example:
        >>> from rnd_actors.simulation import Slow
        >>> Slow("database", seconds=0.5, probability=0.1).seconds
        0.5
    """

    seconds: float = field(kw_only=True, validator=delay)


@frozen
class CutOff(Fault):
    """What is told to an actor is lost for so many seconds; a process loses its connection.

    Each lost message is counted as refused; who asked hears nothing. The process lives on and can
    be asked again at once.

    Example:
        >>> from rnd_actors.simulation import CutOff
        >>> CutOff("database", seconds=3.0, at=10.0).seconds
        3.0
    """

    seconds: float = field(default=1.0, kw_only=True, validator=seconds)
