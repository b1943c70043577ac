"""The values of labels, whose number is bounded: every one is a series for ever."""

import re
from functools import lru_cache
from typing import Final

OTHER: Final = "other"
"""The value of all that come when there are as many as there may be."""

_GENERATED: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID
    r"|(?=[a-f]*\d)[0-9a-f]{8,}"  # a hash
    r"|\d+",
    re.IGNORECASE,
)
_MANY: Final = re.compile(r"\*(?:[-_.:]*\*)+")
_REMEMBERED: Final = 4096


@lru_cache(_REMEMBERED)
def pattern_of(name: str) -> str:
    """Return the name of an actor with a star for each number, hash and UUID in it.

    Half a character, as in the names of files that are no text, becomes a question mark.

    Example:
        >>> from rnd_actors.metrics._labels import pattern_of
        >>> pattern_of("workers/16"), pattern_of("chat-7/peer-127.0.0.1:4711")
        ('workers/*', 'chat-*/peer-*')
    """
    text = name.encode(errors="replace").decode()
    return _MANY.sub("*", _GENERATED.sub("*", text))


class LabelValues:
    """At most `most` values of a label: those that come first, and `other`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known = {OTHER}

    def __call__(self, value: str) -> str:
        """Return the value that stands for this one."""
        if value in self._known:
            return value
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(value)
        return value
