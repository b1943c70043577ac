"""What a factory makes says what its ref may be told."""

from typing import assert_type

from rnd_actors import ActorRef, ActorSystem, ChildSpec, Restart, Supervisor
from rnd_actors.events import ActorStarted, DeadLetter
from rnd_actors.routing import Pool, RoundRobin, Router, Sizing, start_pool
from rnd_actors.supervision import Delegated, StartChild, SupervisorMessage
from tests.typing.cases.vocabulary import Add, Counter, Registry, Rename


def make_registry() -> Registry:
    return Registry("names")


def make_counter(number: int) -> Counter:
    return Counter()


def a_spec() -> None:
    assert_type(ChildSpec("counter", Counter), ChildSpec[Add])
    assert_type(ChildSpec("registry", lambda: Registry("names")), ChildSpec[Add | Rename])
    ChildSpec("registry", Registry)  # error: arg-type
    ChildSpec("counter", Counter())  # error: arg-type
    ChildSpec("number", int)  # error: arg-type
    ChildSpec(1, Counter)  # error: arg-type
    ChildSpec("counter", Counter, restart="always")  # error: arg-type
    spec = ChildSpec("counter", Counter)
    of_any_actor: ChildSpec = spec
    of_another: ChildSpec[Rename] = spec  # error: assignment


def a_decider(decider: ActorRef[Delegated], counter: ActorRef[Add]) -> None:
    ChildSpec("1", Counter, restart=Restart.DELEGATED, decider=decider)
    ChildSpec("1", Counter, restart=Restart.DELEGATED, decider=counter)  # error: arg-type


def a_system(system: ActorSystem) -> None:
    counter = system.start(ChildSpec("counter", Counter))
    assert_type(counter, ActorRef[Add])
    counter.tell(Rename("new"))  # error: arg-type
    registry = system.start(ChildSpec("registry", make_registry))
    assert_type(registry, ActorRef[Add | Rename])
    wrong: ActorRef[Rename] = counter  # error: assignment
    system.start(Counter)  # error: arg-type


def a_pool(system: ActorSystem, counter: ActorRef[Add]) -> None:
    counters = start_pool(system, "counters", make_counter, 4, RoundRobin())
    assert_type(counters, Pool[Add])
    counters.tell(Rename("new"))  # error: arg-type
    assert_type(counters.ref_for("key"), ActorRef[Add])
    counters.resize(2)
    counters.resize(Sizing(1, 8))
    counters.resize("2")  # error: arg-type
    start_pool(system, "counters", Counter, 4, RoundRobin())  # error: arg-type
    start_pool(system, "counters", make_counter, 4, "round robin")  # error: arg-type
    assert_type(Router([counter], RoundRobin()), Router[Add])
    Router([counter], "round robin")  # error: arg-type


def a_supervisor(system: ActorSystem) -> None:
    specs: list[ChildSpec] = [ChildSpec("counter", Counter), ChildSpec("registry", make_registry)]
    Supervisor(specs)
    Supervisor([ChildSpec("counter", Counter), ChildSpec("registry", make_registry)])
    Supervisor([Counter])  # error: list-item
    storage = system.start(ChildSpec("storage", lambda: Supervisor(specs)))
    supervisor: ActorRef[SupervisorMessage] = storage
    supervisor.tell(StartChild(ChildSpec("more", Counter)))
    request = StartChild(ChildSpec("even more", Counter))
    counter = supervisor.ask(request)
    assert_type(counter, ActorRef[Add])
    counter.tell(Rename("new"))  # error: arg-type
    StartChild(Counter)  # error: arg-type


def a_subscriber(system: ActorSystem, note: list[DeadLetter]) -> None:
    system.events.subscribe(note.append, to=DeadLetter)
    system.events.subscribe(note.append, to=ActorStarted)  # error: arg-type
