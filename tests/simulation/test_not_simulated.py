"""What virtual time does not have is refused, and cannot be overlooked."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable

import gevent
import gevent.socket
import gevent.subprocess
import pytest
from gevent.fileobject import FileObject

from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.errors import NotSimulatedError
from rnd_actors.simulation import simulate
from rnd_actors.supervision import ChildSpec, Restart


def wait_for_a_socket() -> None:
    gevent.socket.wait_read(0)


def connect() -> None:
    socket.create_connection(("127.0.0.1", 80))


def resolve_a_name() -> None:
    socket.getaddrinfo("localhost", 80)


def read_a_file_as_gevent_does() -> None:
    FileObject(0, "rb", closefd=False).read(1)


def run_a_process() -> None:
    subprocess.run(["true"], check=True)


def run_a_process_as_gevent_does() -> None:
    gevent.subprocess.check_call(["true"])


def use_a_thread() -> None:
    gevent.get_hub().threadpool.apply(len, ("four",))


def handle_a_signal() -> None:
    gevent.signal_handler(signal.SIGUSR1, print)


def watch_a_file() -> None:
    gevent.get_hub().loop.stat(os.devnull)


@pytest.mark.parametrize(
    ("use", "named"),
    [
        (wait_for_a_socket, "sockets"),
        (connect, "threads"),
        (resolve_a_name, "threads"),
        (read_a_file_as_gevent_does, "pipes"),
        (run_a_process, "processes"),
        (run_a_process_as_gevent_does, "processes"),
        (use_a_thread, "threads"),
        (handle_a_signal, "signals"),
        (watch_a_file, "watchers of files"),
    ],
)
def test_what_is_real_is_refused(use: Callable[[], None], named: str) -> None:
    with pytest.raises(NotSimulatedError, match=f"virtual time has no .*{named}.*; "):
        simulate(lambda _: use())


class Forgiving(Actor[str]):
    def receive(self, message: str) -> None:
        try:
            run_a_process()
        except NotSimulatedError:
            gevent.sleep(1.0)


class Crashing(Actor[str]):
    def receive(self, message: str) -> None:
        run_a_process()


@pytest.mark.parametrize("factory", [Forgiving, Crashing])
@pytest.mark.parametrize("restart", [Restart.TEMPORARY, Restart.PERMANENT])
def test_a_refusal_comes_out_at_the_end_if_it_was_swallowed(
    factory: Callable[[], Actor[str]], restart: Restart
) -> None:
    def main(system: ActorSystem) -> None:
        system.start(ChildSpec("actor", factory, restart=restart)).tell("go")
        gevent.sleep(60.0)

    with pytest.raises(NotSimulatedError, match="put a SimulatedWorker"):
        simulate(main)


def test_a_refusal_comes_out_instead_of_an_error_that_it_led_to() -> None:
    def main(_: ActorSystem) -> None:
        try:
            run_a_process()
        except NotSimulatedError:
            raise KeyError("no luck") from None

    with pytest.raises(NotSimulatedError, match="no processes") as caught:
        simulate(main)
    assert isinstance(caught.value.__cause__, KeyError)


def test_the_first_of_several_refusals_is_raised() -> None:
    def main(_: ActorSystem) -> None:
        for use in (handle_a_signal, run_a_process):
            with pytest.raises(NotSimulatedError):
                use()

    with pytest.raises(NotSimulatedError, match="no signals"):
        simulate(main)
