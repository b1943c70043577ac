"""The workers of a run: their settings, their child specs, their supervisor."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from sys import float_info
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Never

from attrs import define, evolve

from rnd_actors.actors import Actor, ActorRef
from rnd_actors.collectors import Collection, CollectorMessage
from rnd_actors.running._limits import make_room
from rnd_actors.running._settings import RunSettings
from rnd_actors.supervision import (
    INFINITY,
    ChildSpec,
    Restart,
    RestartIntensity,
    ShutdownOrder,
    Supervisor,
)
from rnd_actors.workers import Spawn, WorkerActor, WorkerProcess, WorkerSettings, choose_ports

if TYPE_CHECKING:
    from rnd_actors.cluster import Cluster

_RESTARTS: Final = 5
_NONE: Final[Mapping[int, int]] = MappingProxyType({})
_HIGHEST_PORT: Final = 65535


@define
class Workers:
    """The workers that a run has had so far, by id.

    Args:
        settings: of the run.
        spawn: how each worker is started.
        cluster: on whose hosts they run; None: on this machine.
        by_id: the settings of each.
    """

    settings: RunSettings
    spawn: Spawn
    cluster: "Cluster | None"
    by_id: dict[int, WorkerSettings]

    @classmethod
    def first(
        cls,
        settings: RunSettings,
        spawn: Spawn,
        cluster: "Cluster | None",
        number: int,
        earlier: Mapping[int, int],
    ) -> "Workers":
        """Return those with which a session begins; each has had `earlier[id]` incarnations.

        Raises:
            SettingsError: a limit of this process is too low for as many as the settings allow, and
                cannot be raised.
        """
        workers = cls(settings, spawn, cluster, {})
        workers._make_room(settings.workers)
        workers.add(range(1, number + 1), earlier)
        return workers

    def add(
        self,
        ids: Sequence[int],
        earlier: Mapping[int, int] = _NONE,
        *,
        present: int = 0,
        streaming: int = 0,
    ) -> None:
        """Have workers with these ids, besides `present` ones, of which so many are streaming.

        The limits of this process are raised to what they need. Those on other hosts need no room
        here; simulated workers listen nowhere, and any port numbers do for them.

        Raises:
            SettingsError: a limit of this process is too low for so many, and cannot be raised.
        """
        settings = self.settings
        self._make_room(present + len(ids), streaming=streaming)
        for worker, port in zip(ids, self._ports(ids), strict=True):
            self.by_id[worker] = WorkerSettings(
                id=worker,
                port=port,
                program=settings.worker,
                arguments=settings.worker_args,
                start_timeout=settings.start_timeout,
                stall_timeout=settings.stall_timeout,
                log=settings.worker_log,
                earlier_incarnations=earlier.get(worker, 0),
            )

    def more(
        self,
        collection: Collection,
        ids: Sequence[int],
        collecting: ActorRef[CollectorMessage],
    ) -> list[ChildSpec]:
        """Return the specs of more workers with these ids, which follow all others of the run.

        Errors are those of `add`.
        """
        present = len(collection.serving)
        self.add(ids, present=present, streaming=collection.streaming)
        return [self.spec(worker, collecting) for worker in ids]

    def supervisor_spec(self, collecting: ActorRef[CollectorMessage]) -> ChildSpec:
        """Return the spec of the workers' supervisor, with a child for each worker.

        A worker without samples exceeds its intensity, however long each attempt takes: every
        sample starts the count again.
        """
        attempt_s = self.settings.start_timeout + self.settings.stall_timeout
        within = min(60.0 + (_RESTARTS + 1) * attempt_s, float_info.max)
        intensity = RestartIntensity(_RESTARTS, within=within)
        children = [self.spec(worker, collecting) for worker in self.by_id]
        order = ShutdownOrder.PARALLEL
        return ChildSpec(
            "workers",
            lambda: Supervisor(children, intensity=intensity, shutdown_order=order),
            restart=Restart.TEMPORARY,
            shutdown=INFINITY,
        )

    def spec(
        self, worker: int, collecting: ActorRef[CollectorMessage], earlier: int | None = None
    ) -> ChildSpec:
        """Return the spec of a worker, whose restarts its collector decides.

        Args:
            worker: its id.
            collecting: the collector.
            earlier: how many incarnations it has had; None: as its settings say.
        """
        settings = self.by_id[worker]
        if earlier is not None:
            settings = evolve(settings, earlier_incarnations=earlier)
        return ChildSpec(
            str(worker),
            self._factory(settings, collecting),
            restart=Restart.DELEGATED,
            decider=collecting,
        )

    def _factory(
        self, settings: WorkerSettings, collecting: ActorRef[CollectorMessage]
    ) -> Callable[[], Actor[Never]]:
        if self.cluster is None:
            return partial(WorkerActor, settings, collecting, self.spawn)
        from rnd_actors.cluster import RemoteWorker  # noqa: PLC0415  # only such runs need it

        return partial(RemoteWorker, settings, collecting, self.cluster)

    def _make_room(self, number: int, *, streaming: int = 0) -> None:
        if self.spawn == WorkerProcess.spawn and self.settings.cluster is None:
            with_logs = self.settings.worker_log is not None
            make_room(number, streaming=streaming, with_logs=with_logs)

    def _ports(self, ids: Sequence[int]) -> list[int]:
        base = self.settings.base_port
        if self.spawn != WorkerProcess.spawn:
            base = base or 1
        first = base + ids[0] - 1 if ids else 0
        are_ports = base and first + len(ids) - 1 <= _HIGHEST_PORT
        return choose_ports(first if are_ports else 0, len(ids))
