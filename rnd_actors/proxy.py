"""Proxies: the methods of an actor class as requests, for those who come from Pykka."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from attrs import field, frozen

from rnd_actors._printing import shown
from rnd_actors._validators import accepts, instance, require
from rnd_actors.actors import Actor, ActorRef, Future, Request
from rnd_actors.errors import ActorError

__all__ = ["Call", "ProxyActor", "ask_future", "proxy", "tell"]

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A", bound="ProxyActor")

_is_ref = instance(ActorRef, "an ActorRef")
_is_class = accepts(
    "a class of a ProxyActor", lambda x: isinstance(x, type) and issubclass(x, ProxyActor)
)


@frozen
class Call(Request[Any]):
    """A method to call, or an attribute to read."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(factory=dict)
    is_read: bool = False


class ProxyActor(Actor[Call]):
    """An actor whose public methods are called through a `proxy`, one call at a time.

    A method is written as any other. An exception that leaves it is raised where it was called, and
    ends the incarnation, as one that leaves `receive` does.
    """

    def receive(self, message: Call) -> None:
        """Call a method, and answer with what it returns."""
        try:
            found = getattr(self, message.name)
        except AttributeError as error:
            self.reply_error(message, error)
        else:
            is_read = message.is_read
            self.reply(message, found if is_read else found(*message.args, **message.kwargs))


def proxy(ref: ActorRef[Call], cls: type[A]) -> A:
    """Return what looks like the actor: each call of a method asks it, and waits for the answer.

    Type checkers see the methods of `cls` with their own types. Attributes are read in the same
    way, and never set. Names that begin with `_`, and those of `Actor`, are not there.

    Raises:
        SettingsError: `ref` is no ref, or `cls` no class of a `ProxyActor`.
        Exception: a call raises what `ActorRef.ask` does, and what the method raises.
    """
    require(_is_ref, "proxy() ref", ref)
    require(_is_class, "proxy() cls", cls)
    return cast(A, _Proxy(ref, cls))


def tell(method: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
    """Let the actor call a method of a proxy, and go on: `tell(counter.add, 2)`."""
    called = _called(method)
    called.ref.tell(Call(called.name, args, kwargs))


def ask_future(method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
    """Let the actor call a method of a proxy, and go on; the future gives the answer later."""
    called = _called(method)
    return called.ref.ask_future(Call(called.name, args, kwargs))


class _Proxy:
    def __init__(self, ref: ActorRef[Call], cls: type[ProxyActor]) -> None:
        vars(self).update(_ref=ref, _cls=cls)

    def __getattr__(self, name: str) -> Any:
        if not vars(self):  # it is being copied
            raise AttributeError(name)
        if name.startswith("_") or hasattr(ProxyActor, name):
            raise AttributeError(f"{self!r} has no {name}: use its ref, {self._ref!r}")
        if callable(getattr(self._cls, name, None)):
            return _Method(self._ref, name)
        return self._ref.ask(Call(name, is_read=True))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of {self!r} is set by a method of it alone")

    def __repr__(self) -> str:
        return f"<proxy of {self._ref.name}, a {self._cls.__name__}>"


@frozen
class _Method:
    ref: ActorRef[Call]
    name: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.ref.ask(Call(self.name, args, kwargs))


def _called(method: object) -> _Method:
    if not isinstance(method, _Method):
        raise ActorError(f"takes a method of a proxy, as counter.add; got {shown(method)}")
    return method
