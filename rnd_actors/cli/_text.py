"""Text that comes in and goes out: files that users name, lines for stderr, poor encodings."""

import codecs
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, Any, Final, TypeVar

from rnd_actors._printing import one_line

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

W = TypeVar("W")
_MOST_BYTES: Final = 1 << 24
_PATIENCE_S: Final = 5.0
_PIECE: Final = 1 << 16
_STAND_INS: Final = {"█": "#", "░": ":", "·": ".", "…": ".", "━": "-", "╸": "-", "╺": "-"}
"""Characters of ASCII for others, each as wide as the other, so that charts keep their form."""
_UNKNOWN: Final = "?"
_HANDLER: Final = "rnd-actors"
_MOST_WORKERS: Final = 200
"""Rows of a table of workers: with more, those that matter drown."""
_HOST_COLUMNS: Final = ("host", "workers", "samples", "starts", "crashes", "lost")


def say(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{line}\n")


def complain(trouble: object) -> None:
    """Write to stderr what is wrong, in one line."""
    say(f"rnd-actors: {one_line(trouble)}")


def table(columns: Iterable[tuple[str, str]], rows: Iterable[Iterable["str | Text"]]) -> "Table":
    """Return a table of texts without markup.

    The first column says what a row is about: its cells stay whole in the narrowest terminal.

    Args:
        columns: their names, each with `left` or `right` if its cells are kept whole, or `fold`.
        rows: a cell for each column.
    """
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(box=None, pad_edge=False, header_style="bold")
    for name, form in columns:
        if form == "fold":
            made.add_column(name, overflow="fold")
        else:
            made.add_column(name, justify="right" if form == "right" else "left", no_wrap=True)
    for row in rows:
        texts = [Text(cell) if isinstance(cell, str) else cell for cell in row]
        made.add_row(*texts)
        if made.columns[0].no_wrap:
            made.columns[0].min_width = max(made.columns[0].min_width or 0, texts[0].cell_len)
    return made


def cut(workers: Sequence[W], trouble: Callable[[W], Any]) -> tuple[list[W], str]:
    """Return the workers that a table has room for, in their order, and a line about the others.

    Args:
        workers: of a run, which may have thousands.
        trouble: the sort key of a worker; those with the greatest are shown.
    """
    if len(workers) <= _MOST_WORKERS:
        return list(workers), ""
    first = sorted(range(len(workers)), key=lambda place: trouble(workers[place]), reverse=True)
    shown = [workers[place] for place in sorted(first[:_MOST_WORKERS])]
    return shown, f"… and {len(workers) - len(shown)} more workers"


def table_of_hosts(hosts: Sequence[Mapping[str, object]]) -> "list[str | Table]":
    """Return the table of the hosts of a run, below an empty line; nothing if there is only one.

    Args:
        hosts: the fields of a `HostResult` each.
    """
    if len(hosts) < 2:  # noqa: PLR2004  # the sums of one are those of the run
        return []
    columns = [(name, "left" if name == "host" else "right") for name in _HOST_COLUMNS]
    rows = ([one_line(str(host[name])) for name in _HOST_COLUMNS] for host in hosts)
    return ["", table(columns, rows)]


def print_table(columns: dict[str, str], rows: Iterable[Iterable["str | Text"]]) -> None:
    """Print a `table` on stdout."""
    from rich.console import Console  # noqa: PLC0415

    Console(highlight=False).print(table(columns.items(), rows))


def print_anything() -> None:
    """Let stdout and stderr take any text: characters that their encoding lacks become ASCII."""
    codecs.register_error(_HANDLER, _stand_ins)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _stand_ins(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_STAND_INS.get(char, _UNKNOWN) for char in characters), error.end


def read_text(path: Path) -> str:
    """Return the text of a file of at most 16 MB, or of a pipe that is written within 5 seconds.

    Raises:
        OSError: it cannot be read; `strerror` says why.
        ValueError: it is no UTF-8, or its name is impossible.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return b"".join(_pieces(descriptor)).decode("utf-8-sig")  # Windows marks it so
    finally:
        os.close(descriptor)


def _pieces(descriptor: int) -> Iterator[bytes]:
    is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    ends_at = time.monotonic() + _PATIENCE_S
    size, is_open = 0, not is_pipe  # a pipe that nobody has opened yet reads as one that is over
    while True:
        try:
            piece = os.read(descriptor, _PIECE)
        except BlockingIOError:
            piece, is_open = b"", False
        if not piece and is_open:
            return
        if not piece and not select([descriptor], [], [], max(0.0, ends_at - time.monotonic()))[0]:
            what = f"nobody has written to this pipe for {_PATIENCE_S:g} s"
            raise OSError(errno.ETIMEDOUT, what)
        is_open = True
        size += len(piece)
        if size > _MOST_BYTES:
            raise OSError(errno.EFBIG, f"it is larger than {_MOST_BYTES >> 20} MB")
        yield piece
