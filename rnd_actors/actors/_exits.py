"""Why an incarnation of an actor ended."""

from typing import TypeAlias

from attrs import frozen

__all__ = ["Crashed", "ExitReason", "Killed", "Normal", "Shutdown"]


@frozen
class Normal:
    """The actor stopped itself: its work is done.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Restart
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor, restart=Restart.TEMPORARY))
        ...     ref.stop()
        ...     ref.join()
        Normal()
    """

    def __str__(self) -> str:
        return "normal"


@frozen
class Shutdown:
    """Its supervisor or its system told it to stop.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
        >>> ref.join()
        Shutdown()
    """

    def __str__(self) -> str:
        return "shutdown"


@frozen
class Killed:
    """It did not stop within its time limit, or something killed it.

    Example:
        >>> from rnd_actors import Killed
        >>> print(Killed())
        killed
    """

    def __str__(self) -> str:
        return "killed"


@frozen
class Crashed:
    """An exception came out of it: `error`, with its traceback.

    Example:
        >>> from rnd_actors import Crashed
        >>> match Crashed(ValueError("no such page")):
        ...     case Crashed(error):
        ...         print(f"it crashed with {error!r}")
        it crashed with ValueError('no such page')
    """

    error: BaseException

    def __str__(self) -> str:
        return f"crashed: {type(self.error).__name__}: {self.error}"


ExitReason: TypeAlias = Normal | Shutdown | Killed | Crashed
"""Why an incarnation ended, for `on_stop`, `Terminated`, `ActorRef.join` and others."""
