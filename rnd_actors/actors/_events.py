"""What happens in a system of actors, as typed events that carry their own log level."""

import logging
from typing import ClassVar

from attrs import frozen

from rnd_actors.actors._budget import Budget
from rnd_actors.actors._exits import ExitReason

__all__ = [
    "ActorFailed",
    "ActorStarted",
    "ActorStopped",
    "ActorStuck",
    "ChildAbandoned",
    "ChildRestarting",
    "DeadLetter",
    "Event",
    "MessageFailed",
]


@frozen
class Event:
    """The base of all events: `level` is a level of `logging`, `str(event)` is one line.

    Example:
        >>> @frozen
        ... class CacheFilled(Event):
        ...     level = logging.INFO
        ...     entries: int
        ...     def __str__(self) -> str:
        ...         return f"cache filled: {self.entries} entries"
        >>> print(CacheFilled(3))
        cache filled: 3 entries
    """

    level: ClassVar[int] = logging.DEBUG


@frozen
class ActorStarted(Event):
    """An incarnation of an actor is ready: its `on_start` has returned."""

    actor: str
    incarnation: int

    def __str__(self) -> str:
        return f"{self.actor} started (incarnation {self.incarnation})"


@frozen
class ActorStopped(Event):
    """An incarnation of an actor ended as it was meant to: by itself, or told to stop."""

    actor: str
    incarnation: int
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.actor} stopped (incarnation {self.incarnation}): {self.reason}"


@frozen
class ActorFailed(Event):
    """An incarnation of an actor ended abnormally: it crashed or was killed."""

    level = logging.WARNING
    actor: str
    incarnation: int
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.actor} failed (incarnation {self.incarnation}): {self.reason}"


@frozen
class ActorStuck(Event):
    """An actor did not end although its greenlet was killed; it is left behind."""

    level = logging.ERROR
    actor: str

    def __str__(self) -> str:
        return f"{self.actor} does not end: it catches the kill, or never gives up the processor"


@frozen
class MessageFailed(Event):
    """A message was being handled when the actor crashed or was killed; it is not replayed."""

    level = logging.ERROR
    actor: str
    message: object
    error: BaseException

    def __str__(self) -> str:
        error = f"{type(self.error).__name__}: {self.error}".rstrip(": ")
        return f"{self.actor} failed on {self.message!r}: {error}"


@frozen
class DeadLetter(Event):
    """A message was not delivered: its receiver has stopped, or its mailbox was full."""

    actor: str
    message: object
    why: str

    def __str__(self) -> str:
        return f"dead letter for {self.actor} ({self.why}): {self.message!r}"


@frozen
class ChildRestarting(Event):
    """A supervisor restarts a child after `delay_s` seconds (backoff; 0 is at once)."""

    level = logging.INFO
    child: str
    delay_s: float

    def __str__(self) -> str:
        when = f"in {self.delay_s:.2f} s" if self.delay_s else "now"
        return f"{self.child} is restarted {when}"


@frozen
class ChildAbandoned(Event):
    """A supervisor gives a child up: its restart budget is spent."""

    level = logging.ERROR
    child: str
    budget: Budget
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.child} is given up after {self.budget}; last: {self.reason}"
