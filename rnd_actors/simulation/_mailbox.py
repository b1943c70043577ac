"""A mailbox in front of which somebody stands who sees, and may keep back, what is told."""

from collections.abc import Callable
from typing import Any

from rnd_actors.actors._mailbox import Mailbox

__all__ = ["GuardedMailbox"]


class GuardedMailbox:
    """Behaves as `mailbox`, but each message that is told has to pass `lets_in` first.

    Args:
        mailbox: where it leads.
        lets_in: given each entry and whether it comes from the framework itself, such as a timer's
            message, and so cannot be kept back; returns whether to let it in. What it keeps back
            is its own affair.
    """

    def __init__(self, mailbox: Mailbox, lets_in: Callable[[Any, bool], bool]) -> None:
        self.mailbox = mailbox
        self._lets_in = lets_in

    def put(self, entry: Any, timeout: float | None = None) -> bool:
        return not self._lets_in(entry, False) or self.mailbox.put(entry, timeout)  # noqa: FBT003

    def put_forced(self, entry: Any) -> bool:
        self._lets_in(entry, True)  # noqa: FBT003
        return self.mailbox.put_forced(entry)

    def __len__(self) -> int:
        return len(self.mailbox)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.mailbox, name)
