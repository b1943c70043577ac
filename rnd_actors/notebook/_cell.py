"""A line below the cell of a notebook that is being executed."""

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["cell_line"]


def cell_line() -> Callable[[str], object]:
    """Return what shows a line below the cell, in place of the one before; elsewhere nothing."""
    if "ipykernel" not in sys.modules:
        return lambda _: None
    from IPython.display import display  # noqa: PLC0415  # it is there, since the kernel is

    handle: Any = display({"text/plain": "starting"}, raw=True, display_id=True)  # type: ignore[no-untyped-call]
    return lambda line: handle.update({"text/plain": line}, raw=True)
