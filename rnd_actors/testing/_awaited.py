"""Things that a test waits for, in the order in which they come."""

from typing import Any, TypeVar

from gevent.queue import Empty, Queue

__all__ = ["Awaited"]

T = TypeVar("T")


class Awaited:
    """A queue of things that come, with the ways in which a test looks at them.

    Args:
        what: what the things are, for the errors: "message", "event".
        timeout: seconds that each look may take.
    """

    def __init__(self, what: str, timeout: float) -> None:
        self._what = what
        self._timeout = timeout
        self._queue: Queue[Any] = Queue()
        self.seen: list[Any] = []
        """What has been looked at."""

    def add(self, thing: object) -> None:
        """Add what has come."""
        self._queue.put(thing)

    def expect(self, kind: type[T]) -> T:
        """Return the next thing, which must be of this type."""
        thing = self._next(f"a {kind.__name__}")
        if isinstance(thing, kind):
            return thing
        raise AssertionError(f"expected a {kind.__name__} as the next {self._what}; got {thing!r}")

    def fish_for(self, kind: type[T]) -> T:
        """Return the next thing of this type; others before it are passed over."""
        while not isinstance(thing := self._next(f"a {kind.__name__}"), kind):
            pass
        return thing

    def expect_none(self, within: float) -> None:
        """Fail if anything comes within so many seconds."""
        try:
            thing = self._queue.get(timeout=within)
        except Empty:
            return
        raise AssertionError(f"expected no {self._what} within {within:g} s; got {thing!r}")

    def _next(self, wanted: str) -> object:
        try:
            thing = self._queue.get(timeout=self._timeout)
        except Empty:
            raise AssertionError(
                f"expected {wanted}, but no {self._what} came within {self._timeout:g} s; "
                f"before that came: {self.seen or 'nothing'}"
            ) from None
        self.seen.append(thing)
        return thing
