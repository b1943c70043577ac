"""Toys for the tests of supervision, requests and stashing."""

from collections.abc import Callable, Iterable
from typing import Any

from attrs import frozen

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, ExitReason, Killed, Normal, Request
from rnd_actors.events import ActorFailed, ActorStopped
from rnd_actors.supervision import (
    INFINITY,
    ChildInfo,
    ChildSpec,
    ChildState,
    Restart,
    Supervisor,
    WhichChildren,
)
from tests.actors.toys import (
    GENEROUS,
    QUICK,
    Action,
    Began,
    Do,
    Ended,
    Puppet,
    Record,
    crash,
    kill,
    nothing,
    settle,
)

ENDS: dict[str, Callable[[ActorRef[Any]], object]] = {
    "stops itself": lambda ref: ref.tell(Do(Puppet.stop)),
    "is stopped": lambda ref: ref.stop(),
    "crashes": lambda ref: ref.tell(Do(crash)),
    "is killed": kill,
    "crashes in the background": lambda ref: ref.tell(Do(lambda puppet: puppet.background(crash))),
}
"""The ways in which an incarnation ends that its supervisor has not asked to end."""

NORMAL = ("stops itself", "is stopped")


@frozen
class Handle(Request[Any]):
    """A request that says how it is to be handled."""

    how: "How"


class Clerk(Puppet):
    """A puppet whose requests say themselves how they are answered."""

    def receive(self, message: object) -> None:
        match message:
            case Handle(how):
                how(self, message)
            case _:
                super().receive(message)


How = Callable[[Clerk, Handle], object]


def clerk(name: str, diary: Record | None = None, **options: Any) -> ChildSpec:
    """The spec of a clerk; `options` are further fields of `ChildSpec`."""
    diary = diary or Record()
    return ChildSpec(name, lambda: Clerk(diary), **options)


def supervisor(name: str, children: Iterable[ChildSpec] = (), **options: Any) -> ChildSpec:
    """The spec of a supervisor; `options` are fields of `ChildSpec` or settings of `Supervisor`."""
    of_spec = {key: options.pop(key) for key in ("restart", "significant") if key in options}
    specs = tuple(children)
    settings = {"intensity": GENEROUS, "backoff": QUICK, **options}
    return ChildSpec(name, lambda: Supervisor(specs, **settings), shutdown=INFINITY, **of_spec)


def team(system: ActorSystem, children: Iterable[ChildSpec] = (), **options: Any) -> ActorRef[Any]:
    """Start a supervisor that is not restarted if it fails."""
    options.setdefault("restart", Restart.TEMPORARY)
    return system.start(supervisor("team", children, **options))


def children_of(supervisor: ActorRef[Any]) -> dict[str, ChildInfo]:
    """What the supervisor says of its children, by their ids and in start order."""
    infos = supervisor.ask(WhichChildren(), timeout=None)
    return {info.id: info for info in infos}


def states(supervisor: ActorRef[Any]) -> dict[str, ChildState]:
    """The states of the children, by their ids and in start order."""
    return {name: info.state for name, info in children_of(supervisor).items()}


def refs(supervisor: ActorRef[Any]) -> dict[str, ActorRef[Any]]:
    """The refs of the children, by their ids and in start order."""
    return {name: info.ref for name, info in children_of(supervisor).items()}


def running(supervisor: ActorRef[Any]) -> dict[str, ActorRef[Any]]:
    """The refs of the children, once each of them has started."""
    children = refs(supervisor)
    for ref in children.values():
        settle(ref)
    return children


def up(diary: Record, name: str, incarnation: int) -> None:
    """Wait until this incarnation has begun."""
    diary.until(Began(name, incarnation))


def down(events: Record, name: str, incarnation: int) -> None:
    """Wait until this incarnation is over and its supervisor is about to hear of it."""

    def over() -> bool:
        return any(
            (event.actor, event.incarnation) == (name, incarnation)
            for event in events.items
            if isinstance(event, ActorFailed | ActorStopped)
        )

    events._wait(over, f"end of {name} {incarnation}")


def lives(diary: Record) -> list[str]:
    """The beginnings and ends in a diary, in short: `+a1` and `-a1` for `…/a`, incarnation 1."""
    return [
        f"{'+' if isinstance(entry, Began) else '-'}{entry.name.rpartition('/')[2]}"
        f"{entry.incarnation}"
        for entry in diary.items
        if isinstance(entry, Began | Ended)
    ]


def reason(diary: Record, name: str, incarnation: int = 1) -> type[ExitReason]:
    """Why this incarnation ended, as the class of its reason."""
    ends = diary.all(Ended)
    (found,) = [
        end
        for end in ends
        if end.name.rpartition("/")[2] == name and end.incarnation == incarnation
    ]
    return type(found.reason)


def reason_of(end: str) -> type[ExitReason]:
    """The class of the reason that a way to end gives."""
    return Normal if end in NORMAL else Killed if end == "is killed" else Crashed


def in_incarnation(*numbers: int, do: Action) -> Action:
    """The action of a puppet that does something in these incarnations alone."""
    return lambda puppet: (do if puppet.incarnation in numbers else nothing)(puppet)
