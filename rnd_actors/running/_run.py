"""One run from its settings to its result: outputs, collector and workers wired together."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from traceback import format_exception
from typing import Final

import gevent
import gevent.event
from attrs import evolve, frozen

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, require_patched
from rnd_actors.collectors import (
    Accepted,
    Collection,
    Collector,
    CollectorActor,
    CollectorMessage,
    CollectorSpec,
    Outcome,
    Result,
    Sample,
    SampleCount,
)
from rnd_actors.errors import RestartIntensityError, SettingsError, SinkError
from rnd_actors.events import ActorFailed, Event, EventStream
from rnd_actors.running._live import Control, LiveRun
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._workers import worker_settings, workers_spec
from rnd_actors.sinks import Sink, begin_output, check_output, is_store, writer_for
from rnd_actors.store import Recording, RunDescription
from rnd_actors.supervision import ChildSpec, Restart, ShutDown, SupervisorMessage
from rnd_actors.workers import Spawn, WorkerProcess, WorkerSettings, WorkerSpawned

_CAPACITY: Final = 1000
"""How many messages wait for the collector or a sink before their senders have to wait."""
_OUTPUT: Final = "output"


def run(
    settings: RunSettings = RunSettings(),
    collector: Collector | None = None,
    *,
    subscriber: Callable[[Event], object] | None = None,
    interrupted: gevent.event.Event | None = None,
    spawn: Spawn = WorkerProcess.spawn,
    control: Control | None = None,
) -> Result:
    """Start the workers, collect until the goal is reached, stop them, and return the result.

    Args:
        settings: of the run.
        collector: decides which samples count; by default exactly `settings.samples` samples.
        subscriber: called with every event of the run; it must be quick and must not wait.
        interrupted: setting this flag ends the run soon, with the samples so far.
        spawn: how each worker is started; a `SimulatedWorker` can take the place of a process.
        control: called with the run before its workers start; it returns a context manager, which
            is left after they have ended.

    Raises:
        NotPatchedError: gevent has not patched this process.
        SettingsError: an output cannot be written, or holds something that is not to be lost, or
            the operating system does not allow as many file descriptors or processes as so many
            workers need.
        SinkError: a file of samples cannot be prepared.
        StoreError: an output is to be a store of runs, and cannot.

    Example:
        >>> from rnd_actors import RunSettings, run
        >>> fast = RunSettings(samples=20, workers=2, worker_args=("-interval", "0"), base_port=0)
        >>> result = run(fast)
        >>> result.outcome.value, result.samples, len(result.values)
        ('complete', 20, 20)
    """
    collector = collector or SampleCount(settings.samples)
    workers, collection = prepare(settings, spawn, earlier={})
    return Session(
        settings=settings,
        workers=workers,
        collector=collector,
        collection=collection,
        recording=_begin_recording(settings, collector),
        subscriber=subscriber,
        interrupted=interrupted,
        spawn=spawn,
        control=control,
    ).run()


def prepare(
    settings: RunSettings, spawn: Spawn, earlier: Mapping[int, int]
) -> tuple[list[WorkerSettings], Collection]:
    """Check what a session needs; return the settings of its workers, and an empty collection.

    Each worker has had `earlier[id]` incarnations in earlier sessions.

    Raises:
        NotPatchedError: gevent has not patched this process.
        SettingsError: an output cannot be written, or a limit is too low for so many workers.
    """
    require_patched()
    for output in settings.outputs:
        check_output(output, settings.existing)
    workers = worker_settings(settings, spawn, earlier)
    return workers, Collection.for_workers({worker.id: worker.port for worker in workers})


def _begin_recording(settings: RunSettings, collector: Collector) -> Recording | None:
    store = next(filter(is_store, settings.outputs), None)
    if store is None:
        return None
    collector_spec = CollectorSpec.of(collector)
    options = {} if collector_spec is None else collector_spec.options
    values = ", ".join(f"{name}={value!r}" for name, value in options.items())
    description = RunDescription(
        settings=settings.to_plain(),
        collector_spec=None if collector_spec is None else collector_spec.to_plain(),
        collector=f"{type(collector).__name__}({values})",
        goal=collector.goal,
    )
    return Recording.begin(store, description)


@frozen(kw_only=True)
class Session:
    """One session of a run: from its beginning, or from where an earlier session has ended."""

    settings: RunSettings
    workers: list[WorkerSettings]
    collector: Collector
    collection: Collection
    recording: Recording | None
    """Ended by the session; None: it is not stored."""
    earlier: tuple[Sample, ...] = ()
    """The samples of earlier sessions, which are written to the files first."""
    subscriber: Callable[[Event], object] | None
    interrupted: gevent.event.Event | None
    spawn: Spawn
    control: Control | None

    def run(self) -> Result:
        """Run the workers until the collection is concluded, end all in order, return the result.

        Raises:
            SettingsError: a file does not end with this run, or there can be no worker logs.
            SinkError: a file cannot be prepared.
        """
        try:
            if self.settings.worker_log is not None:
                _make_folder(self.settings.worker_log)
            for output in self.settings.outputs:  # no other program works on the run by now
                begin_output(output, self.settings.existing, self.earlier)
            if self.recording is not None:
                self.recording.follow(self.collection.counts)
            self._collect()
            return self._finish()
        except BaseException:
            if self.recording is not None:
                self.recording.abandon()
            raise

    def _collect(self) -> None:
        try:
            with WorkerProcess.guarded(), ActorSystem() as system:
                self._subscribe_to(system.events)
                sinks = self._start_sinks(system)
                collector = ChildSpec(
                    "collector",
                    lambda: CollectorActor(
                        self.collector, self.collection, self.settings.deadline, sinks
                    ),
                    capacity=_CAPACITY,
                    drain=True,
                )
                collecting = system.start(collector)
                if self.collection.conclusion is None:
                    self._run_workers(system, collecting)
        except SinkError:  # a sink could not start, and `_note_failed_output` knows that
            pass
        except RestartIntensityError as error:
            reason = "".join(format_exception(error.__cause__ or error)).rstrip()
            self.collection.conclude(Outcome.FAILED, reason)

    def _run_workers(self, system: ActorSystem, collecting: ActorRef[CollectorMessage]) -> None:
        spec = workers_spec(self.workers, collecting, self.spawn)
        if self.control is None:
            _await_end_of(system.start(spec), self.collection, self.interrupted)
            return
        live = LiveRun(
            settings=self.settings,
            goal=self.collector.goal,
            system=system,
            collection=self.collection,
            interrupted=self.interrupted or gevent.event.Event(),
            collecting=collecting,
            spawn=self.spawn,
            worker_settings={worker.id: worker for worker in self.workers},
        )
        with self.control(live):
            live.workers = system.start(spec)
            _await_end_of(live.workers, self.collection, live.interrupted)

    def _subscribe_to(self, events: EventStream) -> None:
        events.subscribe(self._note_port, to=WorkerSpawned)
        events.subscribe(self._note_failed_output, to=ActorFailed)
        if self.recording is not None:
            events.subscribe(self.recording.note)
        if self.subscriber is not None:
            events.subscribe(self.subscriber)

    def _note_port(self, spawned: WorkerSpawned) -> None:
        self.collection.workers[spawned.worker].port = spawned.port

    def _note_failed_output(self, failed: ActorFailed) -> None:
        if output := self._outputs.get(failed.actor):
            trouble = f"{output} was too slow to be written in time"
            if isinstance(failed.reason, Crashed):
                trouble = str(failed.reason.error)
            self.collection.fail(f"{_OUTPUT}: {trouble}")

    @property
    def _outputs(self) -> dict[str, Path]:
        """The outputs by the names of their sinks."""
        return {f"{_OUTPUT}-{n}": path for n, path in enumerate(self.settings.outputs, 1)}

    def _start_sinks(self, system: ActorSystem) -> list[ActorRef[Accepted]]:
        sinks = []
        for name, output in self._outputs.items():
            writer = (is_store(output) and self.recording) or writer_for(output)
            spec: ChildSpec = ChildSpec(
                name,
                partial(Sink, writer),
                restart=Restart.TEMPORARY,
                capacity=_CAPACITY,
                drain=True,
            )
            sink: ActorRef[Accepted] = system.start(spec)
            if self.earlier and writer is not self.recording:
                sink.tell(Accepted(self.earlier))
            sinks.append(sink)
        return sinks

    def _finish(self) -> Result:
        """End the recording with the result, and return it."""
        result = self._result()
        if self.recording is not None:
            try:
                self.recording.finish(result)
            except SinkError as error:
                self.collection.fail(f"{_OUTPUT}: {error}")
                result = self._result()
        return result

    def _result(self) -> Result:
        findings: Mapping[str, float | int | str | None] = {}
        try:
            findings = self.collector.findings()
        except Exception as error:  # noqa: BLE001  # it is the user's code, and the result is dear
            self.collection.fail(f"the collector's findings failed: {error!r}")
        result = self.collection.result(self.collector.goal, self.settings.deadline)
        return evolve(result, findings=dict(findings))


def _await_end_of(
    workers: ActorRef[SupervisorMessage],
    collection: Collection,
    interrupted: gevent.event.Event | None,
) -> None:
    """Wait until the workers' supervisor has ended.

    An interruption ends it, not by way of the collector, which may be slow, or down.
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


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        trouble = error.strerror if isinstance(error, OSError) else error
        accepted = f"a folder that is there, or can be made ({trouble})"
        raise SettingsError("worker_log", accepted, str(folder)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError("worker_log", "a folder that you may write", str(folder))
