"""Repairs of the state of an actor while it runs."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import frozen

from rnd_actors.actors import ActorRef
from rnd_actors.actors._incarnation import Call
from rnd_actors.actors._requests import (
    DEFAULT_TIMEOUT,
    Asked,
    Request,
    Timeout,
    limit_of,
    require_other,
)


def replace_state(
    ref: ActorRef[Any], function: Callable[[Any], object], timeout: Timeout = DEFAULT_TIMEOUT
) -> None:
    """Call `function(actor)` in the greenlet of an actor, after the message in hand; wait for it.

    It goes before all messages that wait, and works while the actor is suspended. An error of the
    function is raised here, and the actor goes on.

    Args:
        ref: the actor; its object is what `function` gets.
        function: changes the attributes of the object.
        timeout: seconds to wait, by default 5; None: as long as it takes.

    Raises:
        ActorDeadError: the actor has stopped for good.
        ActorError: the actor has a `run` of its own.
        AskTimeoutError: the function was not called in time; it is not called later, either.
        SelfAskError: the actor waits for itself.
        WrongThreadError: the system belongs to another thread.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.inspection import inspect
        >>> from rnd_actors.testing import replace_state
        >>> class Counter(Actor[int]):
        ...     def __init__(self) -> None:
        ...         self.total = 0
        ...     def receive(self, message: int) -> None:
        ...         self.total += message
        >>> with ActorSystem() as system:
        ...     counter = system.start(ChildSpec("counter", Counter))
        ...     replace_state(counter, lambda actor: setattr(actor, "total", 42))
        ...     inspect(counter).state
        {'total': '42'}
    """
    cell: Any = ref._cell  # noqa: SLF001
    cell.require_thread()
    cell.require_messages("replace_state()")
    require_other(cell)
    request = ReplaceState(function)
    limit = limit_of(request, timeout)
    asked = Asked(request, cell)
    cell.mailbox.put_signal(Call(partial(_replace, asked)))
    try:
        asked.get_by(None if limit is None else time.monotonic() + limit, limit)
    finally:
        asked.give_up()


@frozen
class ReplaceState(Request[None]):
    """Asked by `replace_state`, beside the mailbox."""

    function: Callable[[Any], object]


def _replace(asked: Asked, actor: Any) -> None:
    if asked.is_given_up:
        return
    try:
        asked.request.function(actor)
    except BaseException as error:
        asked.fail(error)
        if not isinstance(error, Exception):
            raise
    else:
        asked.answer(None)
