import os
import socket
import subprocess
import sys

import gevent
import pytest
from gevent.event import Event

from rnd_actors.testing import no_leaks


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnd_actors.testing._leaks._PATIENCE_S", 0.05)


def test_a_greenlet_that_is_left_is_a_leak() -> None:
    over = Event()
    left = no_leaks()
    left.__enter__()
    waiter = gevent.spawn(over.wait)
    with pytest.raises(AssertionError, match=r"left behind: .*greenlet"):
        left.__exit__(None, None, None)
    over.set()
    waiter.join()


def test_a_process_that_is_left_is_a_leak() -> None:
    left = no_leaks()
    left.__enter__()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        with pytest.raises(AssertionError, match=r"left behind: .*process .*input\(\)"):
            left.__exit__(None, None, None)
        process.communicate()


def test_a_process_whose_arguments_are_no_text_is_a_leak_like_others() -> None:
    left = no_leaks()
    left.__enter__()
    command: list[str | bytes] = [sys.executable, "-c", "input()", b"caf\xe9"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        with pytest.raises(AssertionError, match=r"left behind: .*process .*input\(\) caf. "):
            left.__exit__(None, None, None)
        process.communicate()


def test_sockets_and_pipes_that_are_left_are_leaks() -> None:
    left = no_leaks()
    left.__enter__()
    with socket.socket(), socket.socket() as other:
        ends = os.pipe()
        with pytest.raises(AssertionError) as caught:
            left.__exit__(None, None, None)
        other.close()
    for end in ends:
        os.close(end)
    assert str(caught.value).count("socket:") == 2
    assert str(caught.value).count("pipe:") == 2


def test_what_was_there_before_is_none_of_the_blocks_business() -> None:
    with socket.socket(), no_leaks():
        pass
