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
    "AskTimeoutError",
    "BudgetSpentError",
    "ChildRunningError",
    "ChildSpecError",
    "DeadlockError",
    "DuplicateChildError",
    "LivelockError",
    "MailboxFullError",
    "NotAnsweredError",
    "NotPatchedError",
    "NotSimulatedError",
    "ResultFormatError",
    "RndActorsError",
    "RunProcessError",
    "ScheduleFailedError",
    "SelfAskError",
    "SettingsConflictError",
    "SettingsError",
    "SimulationError",
    "SinkError",
    "StashFullError",
    "StoreError",
    "StreamCutError",
    "SupervisionError",
    "TooManyChildrenError",
    "UnhandledMessageError",
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
    """The base class of all errors of this package.

    Example:
        >>> from rnd_actors import RndActorsError, RunSettings
        >>> try:
        ...     RunSettings(samples=0)
        ... except RndActorsError as error:
        ...     print(error)
        samples takes a whole number from 1 to 1000000000; got 0
    """


class NotPatchedError(RndActorsError, ImportError):
    """Actors need a process that gevent has patched, or one blocking call would stop them all.

    The message says what to do about it, for a program, for pytest and for notebooks.

    Example:
        >>> from rnd_actors import NotPatchedError
        >>> NotPatchedError(["socket", "time"]).missing
        ('socket', 'time')
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
    """A setting is wrong: the message names it, what came and what is accepted.

    Example:
        >>> from rnd_actors import SettingsError
        >>> print(SettingsError("workers", "a whole number from 1 to 1000", 0))
        workers takes a whole number from 1 to 1000; got 0
    """

    def __init__(self, setting: str, accepted: str, got: object) -> None:
        super().__init__(setting, accepted, got)
        self.setting = setting
        self.accepted = accepted
        self.got = got

    def __str__(self) -> str:
        return f"{self.setting} takes {self.accepted}; got {shown(self.got)}"


class SettingsConflictError(RndActorsError, ValueError):
    """Settings that are right one by one exclude each other: the message names them and says why.

    Example:
        >>> from rnd_actors import SettingsConflictError
        >>> print(SettingsConflictError("--append and --overwrite exclude each other"))
        --append and --overwrite exclude each other
    """


def _is_in_asyncio() -> bool:
    import asyncio  # noqa: PLC0415  # it imports modules that are to be patched first

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class RunProcessError(RndActorsError):
    """The process of a run died before it had a result; `last_words` are its last lines on stderr.

    Example:
        >>> from rnd_actors import RunProcessError
        >>> print(RunProcessError(-9, ("out of memory",)))
        the process of the run was killed by SIGKILL before it had a result; its last words:
          out of memory
        A run that an output .db or .sqlite records can be resumed.
    """

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
    """Something about an actor, its mailbox or its ref.

    Example:
        >>> from rnd_actors import Actor
        >>> Actor().ref
        Traceback (most recent call last):
        rnd_actors.errors.ActorError: this Actor does not run in a system; ...
    """


class ActorClassError(ActorError, TypeError):
    """A class of actors could never work as it is written.

    Example:
        >>> from rnd_actors import Actor
        >>> class Greeter(Actor[str]):
        ...     def recieve(self, message: str) -> None:
        ...         print(message)
        Traceback (most recent call last):
        rnd_actors.errors.ActorClassError: Greeter accepts messages of type <class 'str'> but ...
    """


class ActorDeadError(ActorError):
    """The actor has stopped for good, so nobody will answer.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
        >>> ref.ask(Request())
        Traceback (most recent call last):
        rnd_actors.errors.ActorDeadError: idle cannot answer Request(): the actor has stopped
    """


class ActorCrashedError(ActorError):
    """The actor ended while a request to it was open.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> class Lazy(Actor[Request[str]]):
        ...     def receive(self, message: Request[str]) -> None:
        ...         self.defer(message)
        ...         self.stop()
        >>> with ActorSystem() as system:
        ...     system.start(ChildSpec("lazy", Lazy)).ask(Request())
        Traceback (most recent call last):
        rnd_actors.errors.ActorCrashedError: lazy ended (normal) and still owed Request() an answer
    """


class SelfAskError(ActorError):
    """An actor waits for its own answer, which could never come.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> class Narcissus(Actor[Request[str]]):
        ...     def receive(self, message: Request[str]) -> None:
        ...         self.ref.ask(message)
        >>> with ActorSystem() as system:
        ...     system.start(ChildSpec("narcissus", Narcissus)).ask(Request())
        Traceback (most recent call last):
        rnd_actors.errors.SelfAskError: narcissus waits for its own answer, ...
    """


class DeadlockError(ActorError):
    """Nothing is left that could ever wake those who wait; the message names them.

    Example:
        >>> from gevent import get_hub
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> def wait_for_nothing() -> None:
        ...     with ActorSystem() as system:
        ...         system.start(ChildSpec("idle", Actor)).join()
        >>> get_hub().threadpool.apply(wait_for_nothing)  # a thread with nothing else in it
        Traceback (most recent call last):
        rnd_actors.errors.DeadlockError: nothing is left that could wake anyone: ...
    """


class WrongThreadError(ActorError):
    """A system is used from another thread than the one that entered it; only `tell` works there.

    Example:
        >>> from gevent import get_hub
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
        ...     get_hub().threadpool.apply(ref.stop)
        Traceback (most recent call last):
        rnd_actors.errors.WrongThreadError: idle lives in the thread that entered its ...
    """


class AskTimeoutError(ActorError, TimeoutError):
    """No answer came within the time limit; the request may still be handled later.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> class Lazy(Actor[Request[str]]):
        ...     def receive(self, message: Request[str]) -> None:
        ...         self.defer(message)
        >>> with ActorSystem() as system:
        ...     system.start(ChildSpec("lazy", Lazy)).ask(Request(), timeout=0.01)
        Traceback (most recent call last):
        rnd_actors.errors.AskTimeoutError: lazy did not answer Request() within ...
    """


class MailboxFullError(ActorError):
    """The mailbox is at its capacity and its overflow policy refuses the message.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Overflow
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor, capacity=1, overflow=Overflow.FAIL))
        ...     ref.tell("one")
        ...     ref.tell("two")
        Traceback (most recent call last):
        rnd_actors.errors.MailboxFullError: the mailbox holds its 1 messages already; ...
    """


class UnhandledMessageError(ActorError):
    """The actor that was asked has no case for the request.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> with ActorSystem() as system:
        ...     system.start(ChildSpec("idle", Actor)).ask(Request())
        Traceback (most recent call last):
        rnd_actors.errors.UnhandledMessageError: idle does not handle Request()
    """


class StashFullError(ActorError):
    """An actor stashes more messages than its `stash_capacity`.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> class Hoarder(Actor[Request[str]]):
        ...     stash_capacity = 0
        ...     def receive(self, message: Request[str]) -> None:
        ...         self.stash()
        >>> with ActorSystem() as system:
        ...     system.start(ChildSpec("hoarder", Hoarder)).ask(Request())
        Traceback (most recent call last):
        rnd_actors.errors.StashFullError: hoarder has stashed its 0 messages already; ...
    """


class NotAnsweredError(ActorError):
    """The actor handled a request without answering it.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> class Mute(Actor[Request[str]]):
        ...     def receive(self, message: Request[str]) -> None:
        ...         pass
        >>> with ActorSystem() as system:
        ...     system.start(ChildSpec("mute", Mute)).ask(Request())
        Traceback (most recent call last):
        rnd_actors.errors.NotAnsweredError: mute handled Request() without an answer; ...
    """


class SupervisionError(ActorError):
    """A supervisor cannot do what it is told or asked.

    Example:
        >>> from rnd_actors import ActorSystem, ChildSpec, DeleteChild, SupervisionError, Supervisor
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", Supervisor))
        ...     try:
        ...         team.ask(DeleteChild("cache"))
        ...     except SupervisionError as error:
        ...         print(error)
        there is no child 'cache'; the children are: none
    """


class BudgetSpentError(ActorError):
    """A supervisor fails: a child needed more restarts than its budget allows.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, Budget, ChildSpec, Restart, Supervisor
        >>> make = lambda: Supervisor([ChildSpec("idle", Actor)], budget=Budget(max_restarts=0))
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", make, restart=Restart.TEMPORARY))
        ...     system.find("team/idle").stop()
        ...     print(team.join())
        crashed: BudgetSpentError: team/idle needs more than 0 restarts within 5 s; last: normal
    """


class ChildSpecError(SupervisionError, TypeError):
    """A supervisor was given something that is no usable `ChildSpec`.

    Example:
        >>> from rnd_actors import Actor, ChildSpec
        >>> ChildSpec("a/b", Actor)
        Traceback (most recent call last):
        rnd_actors.errors.ChildSpecError: ChildSpec('a/b'): id takes a name without /; got 'a/b'
    """


class DuplicateChildError(SupervisionError, ValueError):
    """The supervisor has a child with this id already.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> with ActorSystem() as system:
        ...     first = system.start(ChildSpec("idle", Actor))
        ...     second = system.start(ChildSpec("idle", Actor))
        Traceback (most recent call last):
        rnd_actors.errors.DuplicateChildError: system has a child 'idle' already; ...
    """


class TooManyChildrenError(SupervisionError):
    """The supervisor has its maximum of children already.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, StartChild, Supervisor
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", lambda: Supervisor(max_children=0)))
        ...     team.ask(StartChild(ChildSpec("cache", Actor)))
        Traceback (most recent call last):
        rnd_actors.errors.TooManyChildrenError: team has its 0 children already; ...
    """


class ChildRunningError(SupervisionError):
    """What was asked for needs a child that is down, and it is not.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor
        >>> from rnd_actors import DeleteChild, StartChild
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", Supervisor))
        ...     idle = team.ask(StartChild(ChildSpec("idle", Actor)))
        ...     team.ask(DeleteChild("idle"))
        Traceback (most recent call last):
        rnd_actors.errors.ChildRunningError: the child 'idle' is running; ...
    """


class UnknownChildError(SupervisionError, LookupError):
    """The supervisor has no child with this id.

    Example:
        >>> from rnd_actors import ActorSystem, ChildSpec, DeleteChild, Supervisor
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", Supervisor))
        ...     team.ask(DeleteChild("cache"))
        Traceback (most recent call last):
        rnd_actors.errors.UnknownChildError: there is no child 'cache'; the children are: none
    """


class SimulationError(RndActorsError):
    """The base class of what goes wrong with a simulation itself.

    Example:
        >>> from rnd_actors import LivelockError, SimulationError
        >>> issubclass(LivelockError, SimulationError)
        True
    """


class NotSimulatedError(SimulationError):
    """In virtual time something was asked for that is real: a socket, a process, a thread.

    Example:
        >>> import subprocess
        >>> from rnd_actors import NotSimulatedError
        >>> from rnd_actors.simulation import simulate
        >>> try:
        ...     simulate(lambda system: subprocess.run("ls"))
        ... except NotSimulatedError as error:
        ...     print(error)
        virtual time has no processes; put a SimulatedWorker or another actor in their place
    """


class LivelockError(SimulationError):
    """Virtual time stands still: there is always something more to do at the same moment.

    Example:
        >>> from rnd_actors import LivelockError, SimulationError
        >>> issubclass(LivelockError, SimulationError)
        True
    """


class VirtualTimeoutError(SimulationError, TimeoutError):
    """A simulation was not over after its limit of virtual seconds; the error says who waits.

    Example:
        >>> import gevent
        >>> from rnd_actors import VirtualTimeoutError
        >>> from rnd_actors.simulation import simulate
        >>> try:
        ...     simulate(lambda system: gevent.sleep(3600), limit=60)
        ... except VirtualTimeoutError as error:
        ...     print(error)
        not over after 60 s of virtual time; system waits for a message
    """


class ScheduleFailedError(SimulationError):
    """One of many schedules failed: the error has its seed and trace, and its cause is the failure.

    Its text shows an excerpt of a long trace: the beginning, the end, and whatever is not routine.

    Example:
        >>> from rnd_actors import ScheduleFailedError
        >>> from rnd_actors.simulation import explore
        >>> try:
        ...     explore(lambda system: 1 / 0, seeds=range(7, 100))
        ... except ScheduleFailedError as error:
        ...     error.seed, error.__cause__
        (7, ZeroDivisionError('division by zero'))
    """

    def __init__(
        self,
        message: str,
        seed: int | Sequence[int],
        trace: Sequence[str],
        excerpt: Sequence[str],
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

    Example:
        >>> from rnd_actors import WorkerError
        >>> error = WorkerError("worker 3 misbehaves", last_words=("out of memory",))
        >>> print(error, error.last_words)
        worker 3 misbehaves ('out of memory',)
    """

    is_expected: ClassVar[bool] = True

    def __init__(self, message: str, last_words: tuple[str, ...] = ()) -> None:
        super().__init__(message, last_words)
        self.message = message
        self.last_words = last_words

    def __str__(self) -> str:
        return self.message


class WorkerStartError(WorkerError):
    """The worker's command could not be started, or it did not listen in time.

    Example:
        >>> from rnd_actors import Crashed, WorkerStartError
        >>> print(Crashed(WorkerStartError("worker 3: does not listen on port 3003 after 5 s")))
        crashed: WorkerStartError: worker 3: does not listen on port 3003 after 5 s
    """


class WorkerUnreachableError(WorkerError):
    """Nobody accepts connections at the worker's port.

    Example:
        >>> from rnd_actors import Crashed, WorkerUnreachableError
        >>> print(Crashed(WorkerUnreachableError("worker 3: does not listen")))
        crashed: WorkerUnreachableError: worker 3: does not listen
    """


class StreamCutError(WorkerError):
    """The connection to the worker ended before its answer did.

    Example:
        >>> from rnd_actors import Crashed, StreamCutError
        >>> print(Crashed(StreamCutError("worker 3: the connection was cut")))
        crashed: StreamCutError: worker 3: the connection was cut
    """


class WorkerExitedError(WorkerError):
    """The worker's process ended by itself.

    Example:
        >>> from rnd_actors import Crashed, WorkerExitedError
        >>> print(Crashed(WorkerExitedError("worker 3 exited with code 1")))
        crashed: WorkerExitedError: worker 3 exited with code 1
    """


class WorkerRefusedError(WorkerError):
    """The worker answered the request with something that is no stream of samples.

    Example:
        >>> from rnd_actors import Crashed, WorkerRefusedError
        >>> print(Crashed(WorkerRefusedError("worker 3: the answer ended without a line")))
        crashed: WorkerRefusedError: worker 3: the answer ended without a line
    """


class WorkerBusyError(WorkerRefusedError):
    """The worker streams to somebody else, for longer than it is waited for.

    Example:
        >>> from rnd_actors import Crashed, WorkerBusyError
        >>> print(Crashed(WorkerBusyError("worker 3: it has another reader")))
        crashed: WorkerBusyError: worker 3: it has another reader
    """


class WorkerSilentError(WorkerError):
    """The worker sent nothing of use for longer than the stall timeout.

    Example:
        >>> from rnd_actors import Crashed, WorkerSilentError
        >>> print(Crashed(WorkerSilentError("worker 3: silent for 5 s")))
        crashed: WorkerSilentError: worker 3: silent for 5 s
    """


class SinkError(RndActorsError):
    """Samples could not be written to where they should go.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.sinks import writer_for
        >>> writer_for(Path("/no/such/folder/a.csv")).open()
        Traceback (most recent call last):
        rnd_actors.errors.SinkError: cannot write /no/such/folder/a.csv: No such file or directory
    """


class ResultFormatError(RndActorsError, ValueError):
    """A text is no result as JSON, or one that a newer version wrote.

    Example:
        >>> from rnd_actors import Result
        >>> Result.from_json('{"schema": 2}')
        Traceback (most recent call last):
        rnd_actors.errors.ResultFormatError: expected a result of schema 1; got schema 2; ...
    """


class StoreError(RndActorsError, ValueError):
    """A file is no store, is too new, is locked, or does not hold what is asked for.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.store import list_runs
        >>> list_runs(Path("/no/such/store.db"))
        Traceback (most recent call last):
        rnd_actors.errors.StoreError: there is no store at /no/such/store.db
    """
