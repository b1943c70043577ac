"""Which messages an actor accepts, read from the `M` of its `Actor[M]`."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Never, Union, get_args, get_origin

if TYPE_CHECKING:
    from rnd_actors.actors._actor import Actor

__all__ = ["Acceptance", "acceptance_of"]

_ANYTHING: Final = (object,)
_PROMOTED: Final[dict[object, tuple[type, ...]]] = {
    float: (float, int),
    complex: (complex, float, int),
}
"""What type checkers accept where one of these is written."""


class Acceptance:
    """Says whether a class of actors accepts a message, and remembers it per class of message.

    Where `M` says nothing that can be checked at run time (a type variable, a name in quotes),
    everything is accepted.
    """

    def __init__(self, actor: type[Actor[Any]]) -> None:
        self._types = _classes(_message_type(actor))
        self.known: set[type] = set()

    def __call__(self, message: object) -> bool:
        kind = type(message)
        if kind in self.known:
            return True
        accepted = isinstance(message, self._types)
        if accepted:
            self.known.add(kind)
        return accepted


def acceptance_of(actor: type[Actor[Any]]) -> Acceptance:
    """Return that of a class of actors, the same for all of them."""
    known: Acceptance | None = vars(actor).get("_acceptance")
    if known is None:
        known = actor._acceptance = Acceptance(actor)  # noqa: SLF001
    return known


def _message_type(actor: type) -> object:
    """Return the `M` that the class or the nearest of its bases gives to `Actor`."""
    for base in getattr(actor, "__orig_bases__", ()):
        origin = get_origin(base) or base
        if not (isinstance(origin, type) and hasattr(origin, "_life")):
            continue
        given = get_args(base)
        names: tuple[object, ...] = getattr(origin, "__parameters__", ())
        is_actor_itself = not any(hasattr(other, "_life") for other in origin.__bases__)
        inner = names[0] if is_actor_itself else _message_type(origin)
        return given[names.index(inner)] if given and inner in names else inner
    return object


def _classes(message_type: object) -> tuple[type, ...]:
    if message_type is Never:
        return ()
    if message_type is Any:
        return _ANYTHING
    origin = get_origin(message_type)
    if origin is Annotated:
        return _classes(get_args(message_type)[0])
    if origin in (Union, UnionType):
        return tuple(cls for arg in get_args(message_type) for cls in _classes(arg))
    cls: Any = origin or message_type
    return _PROMOTED.get(cls, (cls,)) if _can_be_checked(cls) else _ANYTHING


def _can_be_checked(cls: Any) -> bool:
    try:
        isinstance(None, cls)
    except TypeError:  # a type variable, a TypedDict, a Protocol that is not @runtime_checkable
        return False
    return True
