"""One run from its settings to its result: outputs, collector and workers wired together."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import gevent
import gevent.event
from attrs import evolve, frozen

from rnd_actors._printing import one_line, shown
from rnd_actors.actors import ActorRef, ActorSystem, Crashed
from rnd_actors.collectors import (
    Accepted,
    Autoscaling,
    Collection,
    Collector,
    CollectorActor,
    CollectorMessage,
    DeadlineChanged,
    GoalChanged,
    Outcome,
    Result,
    RunScaled,
    Sample,
    SampleCount,
    findings_of,
)
from rnd_actors.errors import ClusterError, RestartIntensityError, SettingsError, SinkError
from rnd_actors.events import ActorFailed, Event, EventStream
from rnd_actors.running._description import begin_recording, describe
from rnd_actors.running._live import Control, LiveRun
from rnd_actors.running._prepare import TOLD_TO_STOP, prepared
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._workers import Workers
from rnd_actors.sinks import Sink, begin_output, is_store, writer_for
from rnd_actors.store import Recording
from rnd_actors.supervision import ChildSpec, Restart, ShutDown, SupervisorMessage
from rnd_actors.workers import LinesLost, Spawn, WorkerProcess, WorkerSpawned

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
        SettingsError: the goal, the duration or the policy of the collector is none, or an output
            cannot be written, or holds something that is not to be lost, or the operating system
            does not allow as many file descriptors or processes as so many workers need, or the
            cluster cannot be used.
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
    collection = Collection({})
    with prepared(settings, spawn, collector, collection, earlier={}, interrupted=interrupted) as (
        workers,
        autoscaling,
    ):
        return Session(
            settings=settings,
            workers=workers,
            autoscaling=autoscaling,
            collector=collector,
            collection=collection,
            recording=begin_recording(settings, collector),
            subscriber=subscriber,
            interrupted=interrupted,
            control=control,
        ).run()


@frozen(kw_only=True)
class Session:
    """One session of a run: from its beginning, or from where an earlier session has ended."""

    settings: RunSettings
    workers: Workers
    autoscaling: Autoscaling
    collector: Collector
    collection: Collection
    recording: Recording | None
    """Ended by the session; None: it is not stored."""
    earlier: tuple[Sample, ...] = ()
    """The samples of earlier sessions, which are written to the files first."""
    subscriber: Callable[[Event], object] | None
    interrupted: gevent.event.Event | None
    control: Control | None

    def run(self) -> Result:
        """Run the workers until the collection is concluded, end all in order, return the result.

        Raises:
            SettingsError: a file does not end with this run, or there can be no worker logs.
            SinkError: a file cannot be prepared.
        """
        try:
            if self.settings.worker_log is not None and self.settings.cluster is None:
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
                        self.collector,
                        self.collection,
                        sinks,
                        partial(self.workers.more, self.collection),
                        self.autoscaling,
                    ),
                    capacity=_CAPACITY,
                    drain=True,
                )
                collecting = system.start(collector)
                if self.collection.conclusion is None:
                    self._run_workers(system, collecting)
        except SinkError:  # a sink could not start, and `_note_failed_output` knows that
            pass
        except ClusterError as error:
            self.collection.conclude(Outcome.FAILED, f"the cluster is lost: {error}")
        except RestartIntensityError as error:
            reason = one_line(error)  # the log has the traceback
            if isinstance(error.__cause__, ClusterError):
                reason = f"the cluster is lost: {reason}"
            self.collection.conclude(Outcome.FAILED, reason)

    def _run_workers(self, system: ActorSystem, collecting: ActorRef[CollectorMessage]) -> None:
        if self.control is None:
            workers = self._start_workers(system, collecting)
            _await_end_of(workers, self.collection, self.interrupted)
            return
        live = LiveRun(
            settings=self.settings,
            goal=self.collector.goal,
            system=system,
            collection=self.collection,
            interrupted=self.interrupted or gevent.event.Event(),
            stored_as=None if self.recording is None else self.recording.run,
            collecting=collecting,
            known=self.workers,
        )
        with self.control(live):
            live.workers = self._start_workers(system, collecting)
            _await_end_of(live.workers, self.collection, live.interrupted)

    def _start_workers(
        self, system: ActorSystem, collecting: ActorRef[CollectorMessage]
    ) -> ActorRef[SupervisorMessage]:
        """Start their supervisor; before it what tells of their hosts, by now to all who listen."""
        if self.workers.cluster is not None:
            system.start(self.workers.cluster.spec())
        return system.start(self.workers.supervisor_spec(collecting))

    def _subscribe_to(self, events: EventStream) -> None:
        events.subscribe(self.collection.worker_spawned, to=WorkerSpawned)
        events.subscribe(self.collection.lines_lost, to=LinesLost)
        events.subscribe(self._note_failed_output, to=ActorFailed)
        if self.recording is not None:
            events.subscribe(self.recording.note)
            for steered in (RunScaled, GoalChanged, DeadlineChanged):
                events.subscribe(self._describe_again, to=steered)
        if self.subscriber is not None:
            events.subscribe(self.subscriber)

    def _describe_again(self, _: Event) -> None:
        assert self.recording is not None  # noqa: S101  # else nobody has subscribed this
        self.recording.describe(describe(self.settings, self.collector, self.collection))

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
            findings = findings_of(self.collector)
        except Exception as error:  # noqa: BLE001  # it is the user's code, and the result is dear
            self.collection.fail(f"the collector's findings failed: {shown(error)}")
        result = self.collection.result(self.collector.goal, self.collection.deadline_s)
        return evolve(result, findings=findings)


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
        collection.conclude(Outcome.INTERRUPTED, TOLD_TO_STOP)
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
