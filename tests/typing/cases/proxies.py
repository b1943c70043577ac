"""A proxy has the methods of its actor with their own types."""

from typing import assert_type

from rnd_actors import ActorSystem, ChildSpec, Future
from rnd_actors.proxy import ProxyActor, ask_future, proxy, tell


class Counter(ProxyActor):
    total = 0

    def add(self, number: int, *, times: int = 1) -> int:
        self.total += number * times
        return self.total


def a_proxy(system: ActorSystem) -> None:
    counter = proxy(system.start(ChildSpec("counter", Counter)), Counter)
    assert_type(counter, Counter)
    assert_type(counter.add(1, times=2), int)
    assert_type(counter.total, int)
    assert_type(ask_future(counter.add, 1), Future[int])
    tell(counter.add, 1, times=2)
    counter.add("one")  # error: arg-type
    tell(counter.add, "one")  # error: arg-type
