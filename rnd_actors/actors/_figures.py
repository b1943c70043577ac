"""What an actor has done, in figures."""

from attrs import frozen

__all__ = ["Figures"]


@frozen
class Figures:
    """What an actor has done since it was first started, over all its incarnations.

    Every message that was told is in one place:
    told = handled + failed + dead + refused + stashed + mailbox, and the one in hand, if any.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
        >>> ref.tell("too late")
        >>> ref.figures().told, ref.figures().dead
        (1, 1)
    """

    told: int
    handled: int
    failed: int
    """Messages on which the actor crashed or was killed."""
    dead: int
    """Messages that became dead letters: told after the end, left over at it, or not handled."""
    refused: int
    """Messages that the mailbox's overflow policy refused."""
    stashed: int
    """Messages that the actor keeps for later."""
    mailbox: int
    """Messages that wait."""
    busy_s: float
    """Seconds in which the actor did not wait for a message."""
