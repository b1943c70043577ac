"""Proxies: methods of an actor class that are called as if it were here."""

from copy import copy
from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem, gather
from rnd_actors.errors import (
    ActorDeadError,
    ActorError,
    AskTimeoutError,
    SelfAskError,
    SettingsError,
)
from rnd_actors.proxy import Call, ProxyActor, ask_future, proxy, tell
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import let_pass


class Counter(ProxyActor):
    step = 1

    def __init__(self) -> None:
        self.total = 0
        self._secret = "hidden"
        self.me: Counter | None = None

    def add(self, number: int = 1, *, times: int = 1) -> int:
        self.total += number * times
        return self.total

    def divide(self, by: int) -> float:
        return self.total / by

    def call(self, number: int, method: str) -> tuple[int, str]:
        return number, method

    def wait(self) -> None:
        let_pass(60.0)

    def call_yourself(self) -> int:
        assert self.me is not None
        return self.me.add()

    @property
    def doubled(self) -> int:
        return 2 * self.total

    def meet(self, me: "Counter") -> None:
        self.me = me


@pytest.fixture
def ref(system: ActorSystem) -> ActorRef[Call]:
    return system.start(ChildSpec("counter", Counter, restart=Restart.TRANSIENT))


@pytest.fixture
def counter(ref: ActorRef[Call]) -> Counter:
    return proxy(ref, Counter)


def test_a_method_is_called_in_the_actor(counter: Counter) -> None:
    assert [counter.add(), counter.add(2), counter.add(number=3, times=2)] == [1, 3, 9]


def test_attributes_are_read_from_the_actor(counter: Counter) -> None:
    counter.add(4)
    assert (counter.total, counter.doubled, counter.step) == (4, 8, 1)


def test_attributes_are_not_set(counter: Counter) -> None:
    with pytest.raises(AttributeError, match="total of <proxy of counter, a Counter> is set by a"):
        counter.total = 7
    assert counter.total == 0


@pytest.mark.parametrize("name", ["_secret", "stop", "receive", "ref", "__len__"])
def test_what_belongs_to_the_actor_itself_is_not_there(counter: Counter, name: str) -> None:
    with pytest.raises(AttributeError, match=f"has no {name}: use its ref, <ActorRef counter>"):
        getattr(counter, name)


def test_an_attribute_that_the_actor_has_not_is_an_error_of_who_reads_it(counter: Counter) -> None:
    counter.add(5)
    with pytest.raises(AttributeError, match="nonsense"):
        counter.nonsense  # type: ignore[attr-defined]  # noqa: B018
    assert not hasattr(counter, "another")
    assert counter.total == 5


def test_arguments_may_have_any_name(counter: Counter) -> None:
    tell(counter.call, 1, method="a")
    assert ask_future(counter.call, 1, method="b").get() == (1, "b")


def test_a_copy_of_a_proxy_is_one_of_the_same_actor(counter: Counter) -> None:
    counter.add(5)
    assert copy(counter).total == 5


@pytest.mark.parametrize(("ref", "cls"), [("x", Counter), (None, Counter)])
def test_a_proxy_needs_a_ref(ref: Any, cls: Any) -> None:
    with pytest.raises(SettingsError, match=r"proxy\(\) ref takes an ActorRef"):
        proxy(ref, cls)


@pytest.mark.parametrize("cls", [int, None, "Counter"])
def test_a_proxy_needs_a_class(ref: ActorRef[Call], cls: Any) -> None:
    with pytest.raises(SettingsError, match=r"proxy\(\) cls takes a class of a ProxyActor"):
        proxy(ref, cls)


def test_an_error_is_raised_where_the_method_was_called(counter: Counter) -> None:
    counter.add(5)
    with pytest.raises(ZeroDivisionError):
        counter.divide(0)
    assert counter.total == 0, "it was started again"


def test_wrong_arguments_are_errors_of_the_call(counter: Counter) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'numbers'"):
        counter.add(numbers=1)  # type: ignore[call-arg]


def test_a_method_is_told_and_nobody_waits(counter: Counter) -> None:
    for _ in range(10):
        tell(counter.add, 2, times=3)
    assert counter.total == 60


def test_a_method_is_asked_and_answers_later(counter: Counter) -> None:
    futures = [ask_future(counter.add, number) for number in range(4)]
    assert gather(futures) == [0, 1, 3, 6]
    assert ask_future(counter.divide, by=2).map(str).get() == "3.0"


def test_a_call_takes_as_long_as_an_ask_may(counter: Counter) -> None:
    with pytest.raises(AskTimeoutError):
        counter.wait()


def test_a_proxy_outlives_restarts_and_not_the_actor(counter: Counter, ref: ActorRef[Call]) -> None:
    ref.kill()
    assert counter.add() == 1
    ref.stop()
    ref.join()
    with pytest.raises(ActorDeadError):
        counter.add()


def test_an_actor_does_not_call_itself_through_a_proxy(counter: Counter) -> None:
    counter.meet(counter)
    with pytest.raises(SelfAskError):
        counter.call_yourself()


@pytest.mark.parametrize("method", [len, Counter.add, None, 7])
def test_only_methods_of_a_proxy_are_told_and_asked(method: Any) -> None:
    for call in (tell, ask_future):
        with pytest.raises(ActorError, match=r"takes a method of a proxy, as counter\.add; got"):
            call(method)


def test_proxies_can_be_printed_and_kept(counter: Counter) -> None:
    assert repr(counter) == "<proxy of counter, a Counter>"
    assert len({counter, counter}) == 1
