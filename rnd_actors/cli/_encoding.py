"""What is printed where the encoding of a stream does not have a character."""

import codecs
import sys
from io import TextIOWrapper
from typing import Final

__all__ = ["print_anything"]

_STAND_INS: Final = {"█": "#", "░": ":", "·": ".", "…": ".", "━": "-", "╸": "-", "╺": "-"}
"""As wide as what they stand for, so that charts keep their form."""
_UNKNOWN: Final = "?"
_HANDLER: Final = "rnd-actors"


def print_anything() -> None:
    """Have stdout and stderr take any text: what their encoding does not have is drawn in ASCII."""
    codecs.register_error(_HANDLER, _stand_ins)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _stand_ins(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_STAND_INS.get(char, _UNKNOWN) for char in characters), error.end
