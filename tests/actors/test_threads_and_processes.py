"""What needs real threads and processes, and therefore real time."""

import os
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem, ConsistentHash, Restart
from rnd_actors.errors import WrongThreadError
from tests.actors.toys import Ask, Note, Record, nothing, puppet, settle


@pytest.fixture
def virtual_time() -> None:
    """Leave time as it is, and make the thread pool before the test: it is no leak."""
    gevent.get_hub().threadpool  # noqa: B018


def in_another_thread(action: Callable[[], object]) -> object:
    """Do it in a thread that gevent has not patched, and return what it returns or raises."""
    return gevent.get_hub().threadpool.apply(action)


@pytest.mark.parametrize(
    "use",
    [
        lambda ref: ref.ask(Ask(nothing)),
        lambda ref: ref.ask(Ask(nothing), timeout=None),
        lambda ref: ref.ask_future(Ask(nothing)),
    ],
    ids=["ask", "ask for ever", "ask_future"],
)
def test_another_thread_is_told_that_it_is_the_wrong_one(
    system: ActorSystem, diary: Record, use: Callable[[ActorRef[Any]], object]
) -> None:
    ref = system.start(puppet("puppet", diary))
    with pytest.raises(WrongThreadError, match="puppet lives in the thread that entered its Actor"):
        in_another_thread(lambda: use(ref))
    settle(ref)
    assert ref.figures().told == 1
    assert diary.all(Note) == []


@pytest.mark.parametrize(
    "use",
    [ActorRef.stop, ActorRef.drain, lambda ref: ref.join(0)],
    ids=["stop", "drain", "join"],
)
def test_another_thread_may_not_end_an_actor_either(
    system: ActorSystem, use: Callable[[ActorRef[Any]], object]
) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    with pytest.raises(WrongThreadError), gevent.Timeout(1.0):
        in_another_thread(lambda: use(ref))
    assert ref.is_alive


def test_another_thread_can_start_no_actor(system: ActorSystem) -> None:
    with pytest.raises(WrongThreadError):
        in_another_thread(lambda: system.start(puppet("puppet")))
    assert system.find("puppet") is None


IN_ANOTHER_PROCESS = """
from gevent import monkey; monkey.patch_all()
from types import SimpleNamespace
from rnd_actors.actors import ConsistentHash
refs = tuple(SimpleNamespace(name=f"p{number}") for number in range(4))
routing = ConsistentHash(str)
print(*(routing.choose(refs, f"user-{number}")[0].name for number in range(200)))
"""


def test_a_key_leads_to_the_same_actor_in_every_process() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", IN_ANOTHER_PROCESS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    first, second = (process.communicate(timeout=20)[0].split() for process in processes)
    refs: Any = tuple(SimpleNamespace(name=f"p{number}") for number in range(4))
    routing: ConsistentHash = ConsistentHash(str)
    here = [routing.choose(refs, f"user-{number}")[0].name for number in range(200)]
    assert first == second == here
