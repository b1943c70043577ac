"""Which messages an actor accepts, read from the `M` of its `Actor[M]`."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Final, Literal, Never, NoReturn, Union, get_args, get_origin

_PROMOTED: Final[dict[object, tuple[type, ...]]] = {
    float: (float, int),
    complex: (complex, float, int),
}
"""What type checkers accept where one of these is written."""


class Acceptance:
    """Says whether a class of actors accepts a message, and remembers it per class of message.

    Where `M` says nothing that can be checked at run time (a type variable, a name in quotes),
    everything is accepted.

    Args:
        of: the `M` of the actor.
    """

    def __init__(self, of: object) -> None:
        self._classes: tuple[type, ...] = ()
        """Whose instances are accepted."""
        self._protocols: tuple[type, ...] = ()
        """Protocols with data: of two instances of a class one may be accepted, the other not."""
        self._values: tuple[object, ...] = ()
        """Of `Literal`: a value is accepted with its type."""
        self.known: set[type] = set()
        """Classes of messages that were accepted before."""
        self._add(of)

    def __call__(self, message: object) -> bool:
        kind = type(message)
        if kind in self.known:
            return True
        if isinstance(message, self._classes):
            self.known.add(kind)
            return True
        return isinstance(message, self._protocols) or any(
            type(value) is kind and value == message for value in self._values
        )

    def _add(self, message: Any) -> None:
        origin = get_origin(message)
        if message is Never or message is NoReturn:
            return
        if hasattr(message, "__value__"):  # `type Messages = …`
            self._add(message.__value__)
        elif origin is Annotated:
            self._add(get_args(message)[0])
        elif origin in (Union, UnionType):
            for each in get_args(message):
                self._add(each)
        elif origin is Literal:
            self._values += get_args(message)
        elif message is None:
            self._classes += (type(None),)
        else:
            self._add_class(origin or message)

    def _add_class(self, cls: Any) -> None:
        if not _can_be_checked(cls):
            self._classes += (object,)
        elif getattr(cls, "_is_protocol", False):
            self._protocols += (cls,)
        else:
            self._classes += _PROMOTED.get(cls, (cls,))


def message_type(actor: type, root: type) -> object:
    """Return the `M` that the class or the nearest of its bases gives to `root`, the `Actor`.

    A type variable if none is given.
    """
    if actor is root:
        return root.__parameters__[0]  # type: ignore[attr-defined]
    for base in vars(actor).get("__orig_bases__", actor.__bases__):
        origin: Any = get_origin(base) or base
        if not (isinstance(origin, type) and issubclass(origin, root)):
            continue
        given = get_args(base)
        names: tuple[object, ...] = getattr(origin, "__parameters__", ())
        inner = message_type(origin, root)
        return given[names.index(inner)] if given and inner in names else inner
    return object


def _can_be_checked(cls: Any) -> bool:
    if cls is Any:
        return False
    try:
        isinstance(None, cls)
    except TypeError:  # a type variable, a TypedDict, a Protocol that is not @runtime_checkable
        return False
    return True
