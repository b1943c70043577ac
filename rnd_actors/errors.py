"""Every error that rnd-actors raises, in one tree below `RndActorsError`.

A message says what was expected, what came instead and what to do next.
"""

import re
import signal
import sys
from collections.abc import Sequence
from typing import ClassVar

from rnd_actors._printing import shown

__all__ = [
    "ActorClassError",
    "ActorCrashedError",
    "ActorDeadError",
    "ActorError",
    "AlreadyRegisteredError",
    "AskTimeoutError",
    "BridgeLostError",
    "ChildRunningError",
    "ChildSpecError",
    "ClusterError",
    "ControlError",
    "DeadlockError",
    "DuplicateChildError",
    "HostLostError",
    "LinkedActorError",
    "LivelockError",
    "MailboxFullError",
    "NotAnsweredError",
    "NotPatchedError",
    "NotSimulatedError",
    "RestartIntensityError",
    "ResultFormatError",
    "RndActorsError",
    "RouterUnavailableError",
    "RunProcessError",
    "ScheduleFailedError",
    "SelfAskError",
    "SettingsConflictError",
    "SettingsError",
    "SimulationError",
    "SinkError",
    "StartCycleError",
    "StashFullError",
    "StateLoopError",
    "StoreError",
    "StreamCutError",
    "SupervisionError",
    "TaskCancelledError",
    "TaskTimeoutError",
    "TooManyChildrenError",
    "UnhandledMessageError",
    "UnknownActorError",
    "UnknownChildError",
    "VirtualTimeoutError",
    "WorkerBusyError",
    "WorkerError",
    "WorkerExitedError",
    "WorkerRefusedError",
    "WorkerSilentError",
    "WorkerStartError",
    "WorkerUnreachableError",
    "WrongThreadError",
]


class RndActorsError(Exception):
    """The base class of all errors of this package."""


class NotPatchedError(RndActorsError, ImportError):
    """Actors need a process that gevent has patched, or one blocking call would stop them all.

    The message says what to do about it, for a program, for pytest and for notebooks.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(missing)
        self.missing = tuple(missing)
        """The modules of the standard library that are not patched."""
        self.advice = _how_to_patch()
        """What to do about it, here."""

    def __str__(self) -> str:
        return (
            "rnd-actors needs a process that gevent has patched; "
            f"not patched: {', '.join(self.missing)}. {self.advice}"
        )


def _how_to_patch() -> str:
    if "pytest" in sys.modules:
        return (
            "Have pytest patch it before anything else: add `-p rnd_actors.patched` to its command "
            'line, or `addopts = ["-p", "rnd_actors.patched"]` to its settings.'
        )
    if "ipykernel" in sys.modules or _is_in_asyncio():
        return (
            "A notebook or an asyncio program cannot be patched: run in a process of its own, with "
            "`from rnd_actors.notebook import run_in_process`. In any other program make "
            "`from gevent import monkey; monkey.patch_all()` the first line."
        )
    return (
        "Make `from gevent import monkey; monkey.patch_all()` the first line of your program, "
        "before any other import."
    )


class SettingsError(RndActorsError, ValueError):
    """A setting is wrong: the message names it, what came and what is accepted."""

    def __init__(self, setting: str, accepted: str, got: object) -> None:
        super().__init__(setting, accepted, got)
        self.setting = setting
        self.accepted = accepted
        self.got = got

    def __str__(self) -> str:
        return f"{self.setting} takes {self.accepted}; got {shown(self.got)}"


class SettingsConflictError(RndActorsError, ValueError):
    """Settings that are right one by one exclude each other; the message names them."""


def _is_in_asyncio() -> bool:
    import asyncio  # noqa: PLC0415  # it imports modules that are to be patched first

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class ControlError(RndActorsError):
    """A run cannot be looked at or steered: there is none, there are several, or it refuses."""


class ClusterError(RndActorsError):
    """The hosts of a run cannot be reached, or no more: the message says why."""

    is_expected: ClassVar[bool] = True


class BridgeLostError(ClusterError):
    """The child process that is connected to the cluster has died, or is silent."""


class RunProcessError(RndActorsError):
    """The process of a run died without a result; `last_words` are its last lines on stderr."""

    def __init__(self, exit_code: int, last_words: tuple[str, ...]) -> None:
        super().__init__(exit_code, last_words)
        self.exit_code = exit_code
        """As in `subprocess`: -9 means that signal 9 ended it."""
        self.last_words = last_words

    def __str__(self) -> str:
        code = self.exit_code
        end = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
        words = "\n  ".join(("its last words:", *self.last_words))
        return (
            f"the process of the run {end} before it had a result; "
            f"{words if self.last_words else 'it wrote nothing.'}\n"
            "A run that an output .db or .sqlite records can be resumed."
        )


class ActorError(RndActorsError):
    """Something about an actor, its mailbox or its ref."""


class ActorClassError(ActorError, TypeError):
    """A class of actors could never work as it is written."""


class ActorDeadError(ActorError):
    """The actor has stopped for good, so nobody will answer."""


class ActorCrashedError(ActorError):
    """The actor ended while a request to it was open."""


class UnknownActorError(ActorError, LookupError):
    """No actor of the system has this name."""


class LinkedActorError(ActorError):
    """An actor to which this one is linked has failed."""


class TaskCancelledError(ActorError):
    """The task was cancelled, or ended with its owner."""


class TaskTimeoutError(ActorError, TimeoutError):
    """The task took longer than its time limit."""


class SelfAskError(ActorError):
    """An actor waits for its own answer, which could never come."""


class DeadlockError(ActorError):
    """Nothing is left that could ever wake those who wait; the message names them."""


class WrongThreadError(ActorError):
    """A system is used from another thread than its own, where only `tell` works."""


class AskTimeoutError(ActorError, TimeoutError):
    """No answer came within the time limit; the request may still be handled later."""


class MailboxFullError(ActorError):
    """The mailbox is at its capacity and its overflow policy refuses the message."""


class UnhandledMessageError(ActorError):
    """The actor that was asked has no case for the request."""


class StashFullError(ActorError):
    """An actor stashes more messages than its `stash_capacity`."""


class StateLoopError(ActorError):
    """The enter actions of a state machine change its state without end."""


class NotAnsweredError(ActorError):
    """The actor handled a request without answering it."""


class RouterUnavailableError(ActorError):
    """The supervisor of a router's actors restarts, and the router does not wait for it."""


class AlreadyRegisteredError(ActorError, ValueError):
    """A unique registry has another actor under this key."""


class SupervisionError(ActorError):
    """A supervisor cannot do what it is told or asked."""


class RestartIntensityError(ActorError):
    """A supervisor fails: a child needed more restarts than its intensity allows."""


class ChildSpecError(SupervisionError, TypeError):
    """A supervisor was given something that is no usable `ChildSpec`."""


class DuplicateChildError(SupervisionError, ValueError):
    """The supervisor has a child with this id already."""


class TooManyChildrenError(SupervisionError):
    """The supervisor has its maximum of children already."""


class ChildRunningError(SupervisionError):
    """What was asked for needs a child that is down, and it is not."""


class StartCycleError(SupervisionError):
    """Two actors wait, each in its `on_start`, for the start of the other one."""


class UnknownChildError(SupervisionError, LookupError):
    """The supervisor has no child with this id."""


class SimulationError(RndActorsError):
    """The base class of what goes wrong with a simulation itself."""


class NotSimulatedError(SimulationError):
    """In virtual time something was asked for that is real: a socket, a process, a thread."""


class LivelockError(SimulationError):
    """Virtual time stands still: there is always something more to do at the same moment."""


class VirtualTimeoutError(SimulationError, TimeoutError):
    """A simulation was not over after its limit of virtual seconds; the error says who waits."""


class ScheduleFailedError(SimulationError):
    """One of many schedules failed: the error has its seed and trace, and its cause is the failure.

    Its text shows an excerpt of a long trace: the beginning, the end, and whatever is not routine.

    Example:
        >>> from rnd_actors.errors import ScheduleFailedError
        >>> from rnd_actors.simulation import explore
        >>> try:
        ...     explore(lambda system: 1 / 0, seeds=range(7, 100))
        ... except ScheduleFailedError as error:
        ...     error.seed, error.__cause__
        (7, ZeroDivisionError('division by zero'))
    """

    def __init__(
        self, message: str, seed: int | Sequence[int], trace: Sequence[str], excerpt: Sequence[str]
    ) -> None:
        super().__init__(message, seed, trace, excerpt)
        self.message = message
        self.seed = seed
        """`simulate(main, seed)` runs exactly this schedule again."""
        self.trace = trace
        """All that happened in it: who told whom what, and when."""
        self.excerpt = excerpt
        """What the text shows of it."""

    def about(self, *actors: str) -> tuple[str, ...]:
        """Return the lines of the whole trace that name one of these actors."""
        names = re.compile("|".join(rf"(?<![\w/]){re.escape(actor)}(?![\w/])" for actor in actors))
        return tuple(line for line in self.trace if names.search(line))

    def __str__(self) -> str:
        return "\n".join((self.message, *self.excerpt))


class WorkerError(RndActorsError):
    """A third-party worker did not do what its contract promises.

    `last_words` are the last lines that it wrote to stdout or stderr. Workers are expected to fail:
    the log has a line for each of these errors, and the traceback at level DEBUG only.
    """

    is_expected: ClassVar[bool] = True

    def __init__(self, message: str, last_words: tuple[str, ...] = ()) -> None:
        super().__init__(message, last_words)
        self.message = message
        self.last_words = last_words

    def __str__(self) -> str:
        return self.message


class WorkerStartError(WorkerError):
    """The worker's command could not be started, or it did not listen in time."""


class WorkerUnreachableError(WorkerError):
    """Nobody accepts connections at the worker's port."""


class StreamCutError(WorkerError):
    """The connection to the worker ended before its answer did."""


class WorkerExitedError(WorkerError):
    """The worker's process ended by itself."""


class WorkerRefusedError(WorkerError):
    """The worker answered the request with something that is no stream of samples."""


class WorkerBusyError(WorkerRefusedError):
    """The worker streams to somebody else, for longer than it is waited for."""


class HostLostError(WorkerError):
    """The host of the worker is gone, or silent; what it had read and not sent is lost."""


class WorkerSilentError(WorkerError):
    """The worker sent nothing of use for longer than the stall timeout."""


class SinkError(RndActorsError):
    """Samples could not be written to where they should go."""


class ResultFormatError(RndActorsError, ValueError):
    """A text is no result as JSON, or one that a newer version wrote."""


class StoreError(RndActorsError, ValueError):
    """A file is no store, is too new, is locked, or does not hold what is asked for."""
