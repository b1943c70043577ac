"""Programs whose page a test opens: a run of stand-in workers, and a system of toys."""

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import gevent
import gevent.pool
import gevent.socket
import urllib3
from attrs import define, evolve, field, frozen
from gevent.event import Event as Flag
from gevent.server import StreamServer

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Result, RunSettings, Supervisor, run
from rnd_actors.cluster import ShardUp
from rnd_actors.collectors import Collector
from rnd_actors.events import Event
from rnd_actors.running import LiveRun
from rnd_actors.supervision import TerminateChild
from rnd_actors.web import Listener, listen, serve, serve_live_run
from rnd_actors.web._streams import Streams
from rnd_actors.workers import WorkerSpawned
from tests.processes import PATIENCE_S

__all__ = [
    "Boom",
    "Hold",
    "Hosts",
    "Served",
    "Watched",
    "commanded",
    "served",
    "streams",
    "tick",
    "watched",
]


@define
class Watched:
    """A run that goes on, and its page."""

    running: Any
    listener: Listener
    interrupted: Flag
    begins: Flag

    @property
    def url(self) -> str:
        return self.listener.url

    @property
    def address(self) -> str:
        return self.listener.address

    def result(self) -> Result:
        result: Result = self.running.get(timeout=PATIENCE_S)
        return result

    def status(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.listener.token}"}
        with urllib3.PoolManager(headers=headers) as pool:
            answer = pool.request("GET", f"{self.address}api/status")
        status: dict[str, Any] = answer.json()
        return status

    def worker(self, number: int) -> dict[str, Any]:
        """What is known of a worker; little, if there is none."""
        nothing = {"id": number, "samples": 0, "state": "none", "restarts": 0}
        known: list[dict[str, Any]] = [*self.status()["workers"], nothing]
        return next(worker for worker in known if worker["id"] == number)


@contextmanager
def watched(
    workers: int = 2,
    interval: float = 0.01,
    *flags: str,
    collector: Collector | None = None,
    begins: bool = True,
    serve: Callable[[LiveRun, Listener], Any] = serve_live_run,
    **settings: Any,
) -> Iterator[Watched]:
    """Have a run with a page go on while the block runs, then stop it.

    Args:
        workers: how many.
        interval: seconds between two samples of one.
        flags: of the workers.
        collector: of the run; None: the usual one.
        begins: whether workers start before the block sets the flag `begins` of the run.
        serve: what serves its page.
        settings: others of the run.
    """

    @contextmanager
    def control(live: LiveRun) -> Iterator[Any]:
        with serve(live, listener) as listening:
            begin.wait()
            yield listening

    settings_of_run = RunSettings(
        **{"samples": 10**6, **settings},
        workers=workers,
        base_port=0,
        worker_args=("-interval", str(interval), *flags),
    )
    listener, interrupted, begin = listen(), Flag(), Flag()
    if begins:
        begin.set()
    running = gevent.spawn(
        run,
        settings_of_run,
        collector,
        control=control,
        interrupted=interrupted,
    )
    try:
        yield Watched(running, listener, interrupted, begin)
    finally:
        begin.set()
        interrupted.set()
        running.join(timeout=PATIENCE_S)


@define
class Hosts:
    """Has the page of a run be one of a run over hosts, of which each has every n-th worker."""

    names: tuple[str, ...]
    live: LiveRun | None = None

    @contextmanager
    def serve(self, live: LiveRun, listener: Listener) -> Iterator[Listener]:
        """Take the place of `serve_live_run`."""
        self.live, live.settings = live, evolve(live.settings, cluster="tcp://127.0.0.1:8786")
        with serve_live_run(live, listener) as listening:
            for shard, name in enumerate(self.names, 1):
                self.tell(ShardUp(shard, 1, name))
            live.system.events.subscribe(self._place)  # after those who keep what it tells
            yield listening

    def tell(self, event: Event) -> None:
        """Have something happen to the hosts."""
        assert self.live is not None
        self.live.system.events.publish(event)

    def _place(self, event: Event) -> None:
        if isinstance(event, WorkerSpawned) and event.host is None:
            name = self.names[(event.worker - 1) % len(self.names)]
            self.tell(evolve(event, host=name))


@contextmanager
def commanded() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Have a run of the command, which says where its page is, while the block runs."""
    run = ["run", "--samples=1000000", "--workers=2", "--web=0", "--base-port=0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "rnd_actors", *run, "--worker-arg=-interval=0.01"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "http:" in line)
        yield process, line[line.index("http:") :].strip()
    finally:
        process.kill()
        process.communicate()


def streams() -> int:
    """How many streams this process sends."""
    return sum(len(each._watchers) for each in gc.get_objects() if type(each) is Streams)


def tick() -> None:
    """Have all streams of this process tell now what has happened since the last time."""
    for each in gc.get_objects():
        if type(each) is Streams and not each._over:
            each._tick()


@frozen
class Boom:
    """Let a toy crash."""


@frozen
class Hold:
    """Keep a toy busy until a gate is open."""

    gate: Flag = field(repr=False)


class Toy(Actor[Boom | Hold]):
    def receive(self, message: Boom | Hold) -> None:
        match message:
            case Boom():
                raise RuntimeError("it crashes as asked")
            case Hold(gate):
                gate.wait()


@define
class Served:
    """A system of toys with a page, and a line to it that can be cut."""

    system: ActorSystem
    toys: ActorRef[Any]
    listener: Listener
    page: ExitStack
    gate: Flag
    line: Any

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.line.server_port}/"

    @property
    def url(self) -> str:
        return f"{self.address}?token={self.listener.token}"

    def toy(self, number: int) -> ActorRef[Any]:
        ref = self.system.find(f"toys/{number}")
        assert ref is not None
        return ref

    def stop_toy(self, number: int) -> None:
        self.toys.ask(TerminateChild(str(number)))

    def cut(self) -> None:
        """Let everybody lose the connection, and nobody get one."""
        self.line.close()
        self.line.pool.kill()

    def mend(self) -> None:
        """Let the page be reached again, at the same address."""
        self.line = _line(self.line.server_port, self.listener.port)


@contextmanager
def served(toys: int = 3, *names: str) -> Iterator[Served]:
    """Have a system of toys, some with names, and its page, while the block runs."""
    ids = [*map(str, range(1, toys + 1)), *names]
    specs = [ChildSpec(each, Toy) for each in ids]
    with ActorSystem() as system, ExitStack() as page:
        line = _line(0, 0)
        gate = Flag()
        supervisor = system.start(ChildSpec("toys", lambda: Supervisor(specs)))
        listener = page.enter_context(serve(system, names=[f"127.0.0.1:{line.server_port}"]))
        line.set_handle(_forward_to(listener.port))
        all_of_it = Served(system, supervisor, listener, page, gate, line)
        try:
            yield all_of_it
        finally:
            gate.set()
            all_of_it.cut()


def _line(port: int, to: int) -> StreamServer:
    """Return what passes on all that comes to a port; 0: a free one."""
    line = StreamServer(("127.0.0.1", port), _forward_to(to), spawn=gevent.pool.Pool())
    line.start()
    return line


def _forward_to(port: int) -> Any:
    def forward(client: Any, _: object) -> None:
        with client, gevent.socket.create_connection(("127.0.0.1", port)) as server:
            back = gevent.spawn(_copy, server, client)
            try:
                _copy(client, server)
            finally:
                back.kill()

    return forward


def _copy(source: Any, target: Any) -> None:
    """Pass on what comes, until either side has gone."""
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
    except OSError:
        pass
    finally:
        for each in (source, target):
            each.close()
