"""Why an incarnation of an actor ended."""

from typing import TypeAlias

from attrs import frozen

__all__ = ["Crashed", "ExitReason", "Killed", "Normal", "Shutdown"]


@frozen
class Normal:
    """The actor stopped itself: its work is done."""

    def __str__(self) -> str:
        return "normal"


@frozen
class Shutdown:
    """Its supervisor or its system told it to stop."""

    def __str__(self) -> str:
        return "shutdown"


@frozen
class Killed:
    """It did not stop within its time limit, or something killed its greenlet."""

    def __str__(self) -> str:
        return "killed"


@frozen
class Crashed:
    """An exception came out of it: `error`, with its traceback."""

    error: BaseException

    def __str__(self) -> str:
        return f"crashed: {type(self.error).__name__}: {self.error}"


ExitReason: TypeAlias = Normal | Shutdown | Killed | Crashed
