"""An actor is told what it accepts and nothing else."""

from typing import assert_type

from rnd_actors import Actor, ActorRef
from rnd_actors.actors import Timer
from rnd_actors.routing import Router
from rnd_actors.supervision import SupervisorMessage, TerminateChild
from tests.typing.cases.vocabulary import Add, Rename


def a_ref(counter: ActorRef[Add], registry: ActorRef[Add | Rename]) -> None:
    counter.tell(Add(1))
    counter.tell(Rename("new"))  # error: arg-type
    counter.tell(Add)  # error: arg-type
    counter.tell(None)  # error: arg-type
    registry.tell(Add(1))
    registry.tell(Rename("new"))
    registry.tell("new")  # error: arg-type


def who_accepts_more_can_stand_in(
    counter: ActorRef[Add],
    registry: ActorRef[Add | Rename],
    router: Router[Add],
    wide_router: Router[Add | Rename],
) -> None:
    narrow: ActorRef[Add] = registry
    wide: ActorRef[Add | Rename] = counter  # error: assignment
    narrow_router: Router[Add] = wide_router
    wide_router = router  # error: assignment


def a_router(router: Router[Add]) -> None:
    router.tell(Add(1))
    router.tell(Rename("new"))  # error: arg-type


def a_supervisor(supervisor: ActorRef[SupervisorMessage], counter: ActorRef[Add]) -> None:
    supervisor.tell(TerminateChild("cache"))
    supervisor.tell(Add(1))  # error: arg-type
    supervisor.tell(TerminateChild(counter))  # error: arg-type


class Teller(Actor[Add]):
    """It tells itself things."""

    def on_start(self) -> None:
        assert_type(self.ref, ActorRef[Add])
        assert_type(self.after(1.0, Add(1)), Timer)
        self.after(1.0, Rename("new"))  # error: arg-type
        self.after("1 s", Add(1))  # error: arg-type
        assert_type(self.every(1.0, Add(1)), Timer)
        self.every(1.0, Rename("new"))  # error: arg-type
        self.ref.tell(Rename("new"))  # error: arg-type
        self.publish(Add(1))  # error: arg-type
        self.watch(self)  # error: arg-type
