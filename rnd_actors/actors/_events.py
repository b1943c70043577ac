"""What happens in a system of actors, as typed events that carry their own log level."""

import logging
from typing import ClassVar

from attrs import frozen

from rnd_actors.actors._exits import ExitReason, shown, shown_error
from rnd_actors.actors._policy import Budget


@frozen
class Event:
    """The base of all events: `level` is a level of `logging`, `str(event)` is one line.

    Example:
        >>> import logging
        >>> from attrs import frozen
        >>> from rnd_actors import Event
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
    """An incarnation of an actor is ready: its `on_start` has returned.

    Example:
        >>> from rnd_actors import ActorStarted
        >>> print(ActorStarted("workers/3", incarnation=2))
        workers/3 started (incarnation 2)
    """

    actor: str
    incarnation: int

    def __str__(self) -> str:
        return f"{self.actor} started (incarnation {self.incarnation})"


@frozen
class ActorStopped(Event):
    """An incarnation of an actor ended as it was meant to: by itself, or told to stop.

    Example:
        >>> from rnd_actors import ActorStopped, Stopped
        >>> print(ActorStopped("workers/3", 2, Stopped()))
        workers/3 stopped (incarnation 2): shutdown
    """

    actor: str
    incarnation: int
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.actor} stopped (incarnation {self.incarnation}): {self.reason}"


@frozen
class ActorFailed(Event):
    """An incarnation of an actor ended abnormally: it crashed or was killed.

    Example:
        >>> from rnd_actors import ActorFailed, Crashed
        >>> print(ActorFailed("workers/3", 2, Crashed(ValueError("no such page"))))
        workers/3 failed (incarnation 2): crashed: ValueError: no such page
    """

    level = logging.WARNING
    actor: str
    incarnation: int
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.actor} failed (incarnation {self.incarnation}): {self.reason}"


@frozen
class ActorStuck(Event):
    """An actor did not end although it was killed; it is left behind.

    Example:
        >>> from rnd_actors import ActorStuck
        >>> print(ActorStuck("workers/3"))
        workers/3 does not end: ...
    """

    level = logging.ERROR
    actor: str
    background: int = 0
    """How many pieces of its background work do not end; 0: the actor itself does not."""

    def __str__(self) -> str:
        who = f"background work ({self.background}) of " if self.background else ""
        return (
            f"{who}{self.actor} does not end: it catches the kill, or never gives up the processor"
        )


@frozen
class MessageFailed(Event):
    """A message was being handled when the actor crashed or was killed; it is not replayed.

    Example:
        >>> from rnd_actors import MessageFailed
        >>> print(MessageFailed("cache", "page 7", ValueError("no such page")))
        cache failed on 'page 7': ValueError: no such page
    """

    level = logging.ERROR
    actor: str
    message: object
    error: BaseException

    def __str__(self) -> str:
        return f"{self.actor} failed on {shown(self.message)}: {shown_error(self.error)}"


@frozen
class DeadLetter(Event):
    """A message was not delivered: its receiver has stopped, or its mailbox was full.

    Example:
        >>> from rnd_actors import DeadLetter
        >>> print(DeadLetter("cache", "page 7", "the actor has stopped"))
        dead letter for cache (the actor has stopped): 'page 7'
    """

    level = logging.INFO
    actor: str
    message: object
    why: str

    def __str__(self) -> str:
        return f"dead letter for {self.actor} ({self.why}): {shown(self.message)}"


@frozen
class MessageUnhandled(Event):
    """An actor was given a message that it has no case for; a `DeadLetter` follows.

    Example:
        >>> from rnd_actors import MessageUnhandled
        >>> print(MessageUnhandled("cache", "page 7"))
        cache does not handle 'page 7'
    """

    level = logging.WARNING
    actor: str
    message: object

    def __str__(self) -> str:
        return f"{self.actor} does not handle {shown(self.message)}"


@frozen
class ChildRestarting(Event):
    """A supervisor restarts a child after `delay_s` seconds (backoff; 0 is at once).

    Example:
        >>> from rnd_actors import ChildRestarting
        >>> print(ChildRestarting("workers/3", delay_s=0.25))
        workers/3 is restarted in 0.25 s
    """

    level = logging.INFO
    child: str
    delay_s: float

    def __str__(self) -> str:
        when = f"in {self.delay_s:.2f} s" if self.delay_s else "now"
        return f"{self.child} is restarted {when}"


@frozen
class ChildAbandoned(Event):
    """A supervisor gives a child up: its restart budget is spent.

    Example:
        >>> from rnd_actors import Budget, ChildAbandoned, Killed
        >>> print(ChildAbandoned("workers/3", Budget(), Killed()))
        workers/3 is given up after 3 restarts within 5 s; last: killed
    """

    level = logging.ERROR
    child: str
    budget: Budget
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.child} is given up after {self.budget}; last: {self.reason}"
