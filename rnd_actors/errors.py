"""Every error that rnd-actors raises, in one tree below `RndActorsError`.

A message says what was expected, what came instead and what to do next.
"""

__all__ = [
    "ActorCrashedError",
    "ActorDeadError",
    "ActorError",
    "AskTimeoutError",
    "BudgetSpentError",
    "ChildSpecError",
    "DuplicateChildError",
    "MailboxFullError",
    "NotAnsweredError",
    "NotPatchedError",
    "RndActorsError",
    "SettingsError",
    "SinkError",
    "StreamCutError",
    "UnknownChildError",
    "WorkerError",
    "WorkerExitedError",
    "WorkerRefusedError",
    "WorkerSilentError",
    "WorkerStartError",
    "WorkerUnreachableError",
]


class RndActorsError(Exception):
    """The base class of all errors of this package."""


class NotPatchedError(RndActorsError, ImportError):
    """The process is not monkey-patched, so one blocking call would stop every actor."""


class SettingsError(RndActorsError, ValueError):
    """A setting is wrong: the message names it, what came and what is accepted.

    Example:
        >>> print(SettingsError("workers", "a whole number from 1 to 1000", 0))
        workers takes a whole number from 1 to 1000; got 0
    """

    def __init__(self, setting: str, accepted: str, got: object) -> None:
        super().__init__(setting, accepted, got)
        self.setting = setting
        self.accepted = accepted
        self.got = got

    def __str__(self) -> str:
        return f"{self.setting} takes {self.accepted}; got {self.got!r}"


class ActorError(RndActorsError):
    """Something about an actor, its mailbox or its ref."""


class ActorDeadError(ActorError):
    """The actor has stopped for good, so nobody will answer."""


class ActorCrashedError(ActorError):
    """The actor ended while a request to it was open."""


class AskTimeoutError(ActorError, TimeoutError):
    """No answer came within the time limit; the request may still be handled later."""


class MailboxFullError(ActorError):
    """The mailbox is at its capacity and its overflow policy refuses the message."""


class NotAnsweredError(ActorError):
    """The actor handled a request without answering it."""


class BudgetSpentError(ActorError):
    """A supervisor fails: a child needed more restarts than its budget allows."""


class ChildSpecError(ActorError, TypeError):
    """A supervisor was given something that is no usable `ChildSpec`."""


class DuplicateChildError(ActorError, ValueError):
    """The supervisor has a child with this id already."""


class UnknownChildError(ActorError, LookupError):
    """The supervisor has no child with this id."""


class WorkerError(RndActorsError):
    """A third-party worker did not do what its contract promises.

    `last_words` are the last lines that it wrote to stdout or stderr.
    """

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


class WorkerSilentError(WorkerError):
    """The worker sent nothing for longer than the stall timeout."""


class SinkError(RndActorsError):
    """Samples could not be written to where they should go."""
