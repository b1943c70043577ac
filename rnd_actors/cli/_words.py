"""What is said to people, in one line each."""

import sys

__all__ = ["complain", "escaped", "one_line", "say"]


def say(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{line}\n")


def complain(trouble: object) -> None:
    """Say on stderr what is wrong."""
    say(f"rnd-actors: {one_line(trouble)}")


def one_line(text: object) -> str:
    r"""Return `str(text)` without line breaks and control characters, whoever wrote it.

    Example:
        >>> one_line("panic:\n\tout of \x1b[31mluck")
        'panic: out of [31mluck'
    """
    printable = "".join(char if char.isprintable() else " " for char in str(text))
    return " ".join(printable.split())


def escaped(text: str) -> str:
    r"""Return a text with all that a terminal would not show as it is in the form of Python.

    Example:
        >>> print(escaped("rm -r \x1b[8m /"))
        rm -r \x1b[8m /
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
