"""Actors are looked into in the thread of their system, and signals come to the main one."""

from collections.abc import Callable
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.errors import WrongThreadError
from rnd_actors.inspection import dump, dump_on_signal, inspect, suspend, trace, unsuspend
from rnd_actors.testing import replace_state
from tests.actors.toys import Note, puppet


@pytest.fixture
def time() -> str:
    """Leave time as it is, and make the thread pool before the test: it is no leak."""
    gevent.get_hub().threadpool  # noqa: B018
    return "real"


def in_another_thread(action: Callable[[], object]) -> object:
    """Do it in a thread that gevent has not patched, and return what it returns or raises."""
    return gevent.get_hub().threadpool.apply(action)


@pytest.mark.parametrize(
    "use",
    [
        inspect,
        suspend,
        unsuspend,
        trace,
        lambda ref: replace_state(ref, bool),
    ],
    ids=["inspect", "suspend", "unsuspend", "trace", "replace_state"],
)
def test_another_thread_may_not_look_into_an_actor(one: ActorRef[Any], use: Any) -> None:
    with pytest.raises(WrongThreadError, match="one lives in the thread that entered its"):
        in_another_thread(lambda: use(one))


@pytest.mark.parametrize(
    "use", [lambda messages: messages.wait_for(1), lambda messages: messages.stop()]
)
def test_another_thread_may_not_use_a_trace(one: ActorRef[Any], use: Any) -> None:
    messages = trace(one)
    with pytest.raises(WrongThreadError, match="one lives in the thread that entered its"):
        in_another_thread(lambda: use(messages))
    one.tell(Note(1))
    assert len(messages.wait_for(1)) == 1


def test_another_thread_may_not_dump_a_system(system: ActorSystem) -> None:
    def watch() -> None:
        with dump_on_signal(system):
            pass

    for use, why in ((lambda: dump(system), "to the thread that"), (watch, "to another thread")):
        with pytest.raises(WrongThreadError, match=f"the system belongs {why}"):
            in_another_thread(use)


def test_a_system_of_another_thread_is_dumped_there_but_not_by_a_signal() -> None:
    def use() -> str:
        with ActorSystem() as system:
            system.start(puppet("it"))
            with (
                pytest.raises(WrongThreadError, match="signals come to the main thread alone"),
                dump_on_signal(system),
            ):
                pass
            return dump(system)

    assert "it Puppet #1" in str(in_another_thread(use))
