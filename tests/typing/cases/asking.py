"""An answer has the type that its request names."""

from typing import assert_type

from rnd_actors import ActorRef, Future, gather
from rnd_actors.routing import Router
from rnd_actors.supervision import (
    ChildCounts,
    ChildInfo,
    CountChildren,
    SupervisorMessage,
    TerminateChild,
    WhichChildren,
)
from tests.typing.cases.vocabulary import Add, Rename


def asking(counter: ActorRef[Add], registry: ActorRef[Add | Rename]) -> None:
    assert_type(counter.ask(Add(1)), int)
    assert_type(registry.ask(Rename("new")), str)
    assert_type(counter.ask(Add(1), timeout=None), int)
    answer: str = counter.ask(Add(1))  # error: assignment
    registry.ask(Rename("new")).bit_length()  # error: attr-defined
    counter.ask("not a request")  # error: arg-type
    counter.ask(Rename("new"))  # error: arg-type
    registry.ask(Add(counter.ask(Add(1))))
    registry.ask(Rename(counter.ask(Add(1))))  # error: arg-type


def asking_now_and_waiting_later(counter: ActorRef[Add], registry: ActorRef[Add | Rename]) -> None:
    total, name = counter.ask_future(Add(1)), registry.ask_future(Rename("new"))
    counter.ask_future(Rename("new"))  # error: arg-type
    assert_type(total, Future[int])
    assert_type(total.get(), int)
    assert_type(name.get(timeout=1.0), str)
    wrong: Future[str] = total  # error: assignment
    wide: Future[int | str] = total
    len(total.get())  # error: arg-type


def asking_many(counter: ActorRef[Add]) -> None:
    totals = gather(counter.ask_future(Add(number)) for number in range(3))
    assert_type(totals, list[int])
    len(totals[0])  # error: arg-type
    gather([counter.ask(Add(1))])  # error: arg-type


def asking_a_router(router: Router[Add]) -> None:
    assert_type(router.ask(Add(1)), int)
    router.ask(Rename("new"))  # error: arg-type
    router.ask_all(Rename("new"))  # error: arg-type
    assert_type(router.ask_all(Add(1)), list[Future[int]])
    assert_type(gather(router.ask_all(Add(1))), list[int])
    answer: str = router.ask(Add(1))  # error: assignment


def asking_a_supervisor(supervisor: ActorRef[SupervisorMessage]) -> None:
    assert_type(supervisor.ask(CountChildren()), ChildCounts)
    assert_type(supervisor.ask(WhichChildren()), tuple[ChildInfo, ...])
    assert_type(supervisor.ask(TerminateChild("cache")), None)
    supervisor.ask(CountChildren()).children  # error: attr-defined
    number: int = supervisor.ask(CountChildren())  # error: assignment
