"""A run from settings to a result: who is started, in which order, and what is waited for."""

from collections.abc import Callable
from traceback import format_exception

import gevent
from gevent.event import Event as Flag

from rnd_actors.actors import (
    ActorFailed,
    ActorRef,
    ActorSystem,
    Crashed,
    Event,
    ExitReason,
    ShutDown,
    SupervisorMessage,
)
from rnd_actors.collecting import Collection, Collector, Outcome, Result, SampleCount
from rnd_actors.errors import BudgetSpentError, SinkError
from rnd_actors.running._limits import make_room
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._specs import OUTPUT, collector_spec, sink_specs, workers_spec
from rnd_actors.workers import Spawn, WorkerProcess, WorkerSpawned, choose_ports

__all__ = ["run"]


def run(
    settings: RunSettings = RunSettings(),
    collector: Collector | None = None,
    *,
    subscriber: Callable[[Event], object] | None = None,
    interrupted: Flag | None = None,
    spawn: Spawn = WorkerProcess.spawn,
) -> Result:
    """Start the workers, collect until the goal is reached, stop them, and say how it went.

    Args:
        settings: what to run, and how patiently.
        collector: what to collect; by default exactly `settings.samples` samples.
        subscriber: called with every event of the run; it must be quick and must not wait.
        interrupted: setting this flag ends the run soon, with what there is.
        spawn: how each worker is started; a `SimulatedWorker` can take the place of a process.

    Raises:
        SettingsError: the operating system does not allow as many file descriptors or processes
            as so many workers need.

    Example:
        >>> from rnd_actors import RunSettings, run
        >>> fast = RunSettings(samples=20, workers=2, worker_args=("-interval", "0"), base_port=0)
        >>> result = run(fast)
        >>> result.outcome.value, result.samples, len(result.values)
        ('complete', 20, 20)
    """
    if spawn == WorkerProcess.spawn:
        make_room(settings.workers)
    collector = collector or SampleCount(settings.samples)
    ports = choose_ports(settings.base_port, settings.workers)
    collection = Collection.of(dict(enumerate(ports, start=1)))

    def note_port(spawned: WorkerSpawned) -> None:
        collection.workers[spawned.worker].port = spawned.port

    def note_failed_output(failed: ActorFailed) -> None:
        if failed.actor == OUTPUT:
            collection.fail(f"{OUTPUT}: {_why_not_written(failed.reason)}")

    try:
        with ActorSystem() as system:
            system.events.subscribe(note_port, to=WorkerSpawned)
            system.events.subscribe(note_failed_output, to=ActorFailed)
            if subscriber is not None:
                system.events.subscribe(subscriber)
            sinks = [system.start(spec) for spec in sink_specs(settings)]
            collecting = system.start(collector_spec(settings, collector, collection, sinks))
            workers = system.start(workers_spec(settings, ports, collecting, spawn))
            _attend(workers, collection, interrupted)
    except SinkError:  # it could not even start, which is noted
        pass
    except BudgetSpentError as error:
        collection.conclude(Outcome.FAILED, _traceback(error))
    return collection.result(collector.goal, settings.deadline)


def _attend(
    workers: ActorRef[SupervisorMessage], collection: Collection, interrupted: Flag | None
) -> None:
    """Wait until the workers' supervisor has ended; an interruption ends it at once.

    Not by way of the collector, which may be slow, or down.
    """
    if interrupted is None:
        workers.join()
        return

    def end() -> None:
        interrupted.wait()
        collection.conclude(Outcome.INTERRUPTED, "it was told to stop")
        workers.tell(ShutDown())

    messenger = gevent.spawn(end)
    try:
        workers.join()
    finally:
        messenger.kill()


def _why_not_written(reason: ExitReason) -> str:
    return str(reason.error) if isinstance(reason, Crashed) else "it was too slow to write it all"


def _traceback(error: BudgetSpentError) -> str:
    return "".join(format_exception(error.__cause__ or error)).rstrip()
