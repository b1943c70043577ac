"""Why an incarnation of an actor ended; and how to print what users have made."""

from collections.abc import Callable
from typing import TypeAlias

from attrs import field, frozen


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
class Stopped:
    """Its supervisor or its system told it to stop.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
        >>> ref.join()
        Stopped()
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


def _signature(error: BaseException) -> object:
    return type(error), error.args


@frozen
class Crashed:
    """An exception came out of it: `error`, with its traceback.

    Two crashes are equal if their errors are of the same class and have the same arguments.

    Example:
        >>> from rnd_actors import Crashed
        >>> match Crashed(ValueError("no such page")):
        ...     case Crashed(error):
        ...         print(f"it crashed with {error!r}")
        it crashed with ValueError('no such page')
    """

    error: BaseException = field(eq=_signature, hash=False)

    def __str__(self) -> str:
        return f"crashed: {type(self.error).__name__}: {text_of(self.error)}"


ExitReason: TypeAlias = Normal | Stopped | Killed | Crashed
"""Why an incarnation ended, for `on_stop`, `Terminated`, `ActorRef.join` and others."""


def shown(thing: object) -> str:
    """Return `repr(thing)`, whatever that does: a user's `__repr__` may raise."""
    return _printed(repr, thing)


def shown_error(error: BaseException) -> str:
    """Return the class and the text of an error, whatever its `__str__` does."""
    return f"{type(error).__name__}: {text_of(error)}".rstrip(": ")


def text_of(thing: object) -> str:
    """Return `str(thing)`, whatever that does."""
    return _printed(str, thing)


def _printed(printer: Callable[[object], str], thing: object) -> str:
    try:
        return str.__str__(printer(thing))  # a text of a class of its own may raise, too
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001
        name = type(thing).__name__
        return f"<{name}, whose {printer.__name__} raises {type(error).__name__}>"
