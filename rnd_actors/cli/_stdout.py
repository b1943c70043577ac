"""What is printed on stdout, which may be a full disk or a pipe that nobody reads."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rnd_actors.errors import SinkError

__all__ = ["clear_stdout_errors"]


@contextmanager
def clear_stdout_errors() -> Iterator[None]:
    """Have the block print something.

    Raises:
        SinkError: it cannot be written; nothing more is written then, at exit either.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SinkError(f"cannot write the result: {error.strerror}") from error
