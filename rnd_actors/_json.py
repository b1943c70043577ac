"""JSON that every program can read, also of texts with lone surrogates.

Python has those for bytes that are no UTF-8, as in names of files. Many readers of JSON refuse
them.
"""

import json
import re
from typing import Any, Final

_ESCAPE: Final = re.compile(
    r"""\\(?: ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}  # a pair, which is one character
            | u(?P<lone>d[89a-f][0-9a-f]{2})
            | . )""",
    re.VERBOSE,
)


def to_json(thing: object, **options: Any) -> str:
    r"""Return what `json.dumps` does with these options, with escapes for lone surrogates.

    Example:
        >>> to_json(["caf\xe9 \U0001f600", "caf\udce9"])
        '["caf\\u00e9 \\ud83d\\ude00", "caf\\\\udce9"]'
    """
    text = json.dumps(thing, **options)
    return _ESCAPE.sub(_escaped_if_lone, text) if "\\ud" in text else text


def _escaped_if_lone(escape: re.Match[str]) -> str:
    return rf"\\u{escape['lone']}" if escape["lone"] else escape[0]
