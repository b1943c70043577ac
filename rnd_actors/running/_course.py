"""The course of a run: who is started, in which order, and what is waited for."""

from collections.abc import Callable, Mapping
from pathlib import Path
from traceback import format_exception
from typing import Final

import gevent.event
from attrs import evolve, frozen

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
from rnd_actors.collecting import Accepted, Collection, Collector, Outcome, Result, Sample
from rnd_actors.errors import BudgetSpentError, SinkError
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._specs import collector_spec, sink_spec, workers_spec
from rnd_actors.sinks import is_store, writer_for
from rnd_actors.store import Recording
from rnd_actors.workers import Spawn, WorkerProcess, WorkerSettings, WorkerSpawned

__all__ = ["Course"]

_OUTPUT: Final = "output"


@frozen(kw_only=True)
class Course:
    """One session of a run, from its beginning or from where an earlier one has ended.

    Args:
        settings: of the run.
        workers: their settings.
        collector: what is collected.
        collection: where it is kept.
        recording: what it is stored with; None: it is not stored.
        earlier: the samples of earlier sessions, which files are given first.
        subscriber: called with every event.
        interrupted: ends the session when it is set.
        spawn: how each worker is started.
    """

    settings: RunSettings
    workers: list[WorkerSettings]
    collector: Collector
    collection: Collection
    recording: Recording | None = None
    earlier: tuple[Sample, ...] = ()
    subscriber: Callable[[Event], object] | None
    interrupted: gevent.event.Event | None
    spawn: Spawn

    def take(self) -> Result:
        """Run the workers until the collection is concluded, end all in order, and say how."""
        if self.recording is None:
            self._run()
            return self._result()
        self.recording.follow(self.collection.tally)
        try:
            self._run()
            self.recording.finish(self._result())
        except SinkError as error:
            self.collection.fail(f"{_OUTPUT}: {error}")
        except BaseException:
            self.recording.abandon()
            raise
        return self._result()

    def _run(self) -> None:
        try:
            with WorkerProcess.guarded(), ActorSystem() as system:
                self._listen(system)
                sinks = self._start_sinks(system)
                spec = collector_spec(self.settings, self.collector, self.collection, sinks)
                collecting = system.start(spec)
                if self.collection.conclusion is None:
                    spec = workers_spec(self.workers, collecting, self.spawn)
                    self._attend(system.start(spec))
        except SinkError:  # it could not even start, which is noted
            pass
        except BudgetSpentError as error:
            self.collection.conclude(Outcome.FAILED, _traceback(error))

    def _listen(self, system: ActorSystem) -> None:
        system.events.subscribe(self._note_port, to=WorkerSpawned)
        system.events.subscribe(self._note_failed_output, to=ActorFailed)
        if self.recording is not None:
            system.events.subscribe(self.recording.note)
        if self.subscriber is not None:
            system.events.subscribe(self.subscriber)

    def _note_port(self, spawned: WorkerSpawned) -> None:
        self.collection.workers[spawned.worker].port = spawned.port

    def _note_failed_output(self, failed: ActorFailed) -> None:
        if output := self._outputs.get(failed.actor):
            self.collection.fail(f"{_OUTPUT}: {_why_not_written(output, failed.reason)}")

    @property
    def _outputs(self) -> dict[str, Path]:
        """The files by the names of their sinks."""
        return {f"{_OUTPUT}-{n}": path for n, path in enumerate(self.settings.outputs, 1)}

    def _start_sinks(self, system: ActorSystem) -> list[ActorRef[Accepted]]:
        sinks = []
        for name, output in self._outputs.items():
            writer = (is_store(output) and self.recording) or writer_for(output)
            sink: ActorRef[Accepted] = system.start(sink_spec(name, writer))
            if self.earlier and writer is not self.recording:
                sink.tell(Accepted(self.earlier))
            sinks.append(sink)
        return sinks

    def _attend(self, workers: ActorRef[SupervisorMessage]) -> None:
        """Wait until the workers' supervisor has ended; an interruption ends it at once.

        Not by way of the collector, which may be slow, or down.
        """
        interrupted = self.interrupted
        if interrupted is None:
            workers.join()
            return

        def end() -> None:
            interrupted.wait()
            self.collection.conclude(Outcome.INTERRUPTED, "it was told to stop")
            workers.tell(ShutDown())

        messenger = gevent.spawn(end)
        try:
            workers.join()
        finally:
            messenger.kill()

    def _result(self) -> Result:
        findings: Mapping[str, float | int | str | None] = {}
        try:
            findings = self.collector.findings()
        except Exception as error:  # noqa: BLE001  # it is the user's code, and the result is dear
            self.collection.fail(f"the collector's findings failed: {error!r}")
        result = self.collection.result(self.collector.goal, self.settings.deadline)
        return evolve(result, findings=dict(findings))


def _why_not_written(output: Path, reason: ExitReason) -> str:
    if isinstance(reason, Crashed):
        return str(reason.error)
    return f"{output} was too slow to be written in time"


def _traceback(error: BudgetSpentError) -> str:
    return "".join(format_exception(error.__cause__ or error)).rstrip()
