"""What tests of runs over hosts share: a run that is struck, its hosts, what came of it."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import gevent
import psutil
import pytest
from gevent.event import Event as Flag

from rnd_actors.cluster import ShardLost, ShardUp
from rnd_actors.collectors import Result, SamplesAccepted
from rnd_actors.errors import ActorDeadError, AskTimeoutError, SettingsError
from rnd_actors.events import Event
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.workers import WorkerSpawned
from tests.processes import until

on_dask: Final = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed"),
]
HOSTS: Final = ("127.0.0.11", "127.0.0.12", "127.0.0.13")
PLACED_S: Final = 20.0
"""For a shard to be on another host after a host was killed."""
STEADY: Final = ("-consecutive", "-interval", "0.01")
"""Flags of workers that leave a busy machine time for all else."""
SILENT: Final = "it was silent for 3 s"
"""Why a shard is lost whose host stands still."""


def settings(output: Path, samples: int = 10**6, **others: Any) -> RunSettings:
    flags = ("-consecutive", "-interval", "0.002")
    return RunSettings(
        **{"cluster": "local:3", "workers": 6, "worker_args": flags, **others},
        samples=samples,
        base_port=0,
        outputs=(output,),
    )


class Run:
    """A run, which strikes at certain totals."""

    def __init__(
        self,
        settings: RunSettings,
        strikes: dict[int, Callable[[], object]],
        interrupted: Flag | None = None,
    ) -> None:
        self.interrupted = interrupted or Flag()
        self.settings = settings
        self.strikes = sorted(strikes.items())
        self.events: list[tuple[float, Event]] = []
        self.greenlets: list[gevent.Greenlet[..., object]] = []
        self.live: LiveRun | None = None

    def do(self, doing: Callable[..., Result] = run, *args: Any) -> Result:
        try:
            arguments = args or (self.settings,)
            return doing(
                *arguments,
                subscriber=self.note,
                control=self.control,
                interrupted=self.interrupted,
            )
        finally:
            gevent.joinall(self.greenlets, raise_error=True)

    @contextmanager
    def control(self, live: LiveRun) -> Iterator[None]:
        self.live = live
        yield

    def goal_soon(self) -> None:
        """Set a goal that the run soon reaches."""
        assert self.live is not None
        with suppress(ActorDeadError):  # it has reached one that it took late
            while True:
                with suppress(AskTimeoutError, SettingsError):  # more have come meanwhile
                    self.live.change_goal(len(self.live.collection.values) + 1000)
                    return

    def goal_when_all_have_spawned(self) -> None:
        """Set a goal that the run soon reaches, once all workers run: a host may be slower."""
        until(
            lambda: len({each.worker for each in self.of(WorkerSpawned)}) == self.settings.workers
        )
        self.goal_soon()

    def note(self, event: Event) -> None:
        if not isinstance(event, SamplesAccepted):
            self.events.append((time.monotonic(), event))
        elif self.strikes and event.total >= self.strikes[0][0]:
            _, strike = self.strikes.pop(0)
            striking: gevent.Greenlet[..., object] = gevent.spawn(strike)
            striking.link_exception(lambda _: self.interrupted.set())
            self.greenlets.append(striking)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for _, event in self.events if isinstance(event, kind)]

    def places(self) -> list[str]:
        """Return the host of each shard that is up, as far as the run has told."""
        hosts = dict[int, str]()
        for _, event in self.events:
            match event:
                case ShardUp():
                    hosts[event.shard] = event.host
                case ShardLost():
                    hosts.pop(event.shard, None)
        return list(hosts.values())

    def placed_after_s(self) -> list[float]:
        """Return for each loss of a shard the seconds until it was up again."""
        taken = []
        for lost_at, lost in self.events:
            if isinstance(lost, ShardLost):
                up_at = next(
                    at
                    for at, up in self.events
                    if isinstance(up, ShardUp) and at > lost_at and up.shard == lost.shard
                )
                taken.append(up_at - lost_at)
        return taken


def assert_exact(output: Path, samples: int) -> None:
    """Each worker counts 0, 1, 2, ... in each of its lives: nothing is missing or twice."""
    lives = defaultdict(list)
    lines = output.read_text().splitlines()
    assert len(lines) == samples
    for index, line in enumerate(map(json.loads, lines)):
        assert line["index"] == index
        lives[line["worker"], line["incarnation"]].append(line["value"])
    for values in lives.values():
        assert values == list(range(len(values)))


def dask_worker(host: str) -> psutil.Process:
    """Return the process of Dask on a host, of those that this program has started."""
    [found] = children_of(psutil.Process(), "worker", host)
    return found


def children_of(process: psutil.Process, *words: str) -> list[psutil.Process]:
    """Return the children of a process whose command lines have all these words."""
    found = []
    for child in process.children():
        with suppress(psutil.Error):  # a zombie has none
            command = " ".join(child.cmdline())
            if all(word in command for word in words):
                found.append(child)
    return found


def shards(*hosts: str) -> list[psutil.Process]:
    return [each for host in hosts for each in children_of(dask_worker(host), "cluster._shard")]


def kill_shard(host: str) -> None:
    [shard] = shards(host)
    shard.kill()


class Frozen:
    """A host and all its processes stand still until it is thawed."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.processes: list[psutil.Process] = []

    def freeze(self) -> None:
        worker = dask_worker(self.host)
        self.processes = [worker, *worker.children(recursive=True)]
        for each in self.processes:
            each.suspend()

    def thaw(self) -> None:
        for each in self.processes:
            each.resume()


def address_in(file: str) -> str:
    """Return the address that a scheduler writes to a file, once it has."""
    until(lambda: Path(file).exists() and Path(file).stat().st_size)
    address: str = json.loads(Path(file).read_text())["address"]
    return address


def command(*options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "rnd_actors", "run", "--quiet", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
