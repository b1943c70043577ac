"""How to print what users have made, whatever its `__repr__` does, and any text in one line."""

from collections.abc import Callable, Iterable


def shown(thing: object) -> str:
    """Return `repr(thing)`, whatever that does: a user's `__repr__` may raise."""
    return _printed(repr, thing)


def shown_error(error: BaseException) -> str:
    """Return the class and the text of an error, whatever its `__str__` does."""
    return f"{type(error).__name__}: {text_of(error)}".rstrip(": ")


def text_of(thing: object) -> str:
    """Return `str(thing)`, whatever that does."""
    return _printed(str, thing)


def one_line(text: object) -> str:
    r"""Return `str(text)` without line breaks and control characters; lone surrogates as escapes.

    Example:
        >>> one_line("panic:\n\tout of \x1b[31mluck")
        'panic: out of [31mluck'
    """
    printable = "".join(char if char.isprintable() else " " for char in encodable(str(text)))
    return " ".join(printable.split())


def encodable(text: str) -> str:
    r"""Return a text that UTF-8 can encode, with the escapes of Python for lone surrogates.

    Example:
        >>> print(encodable("caf\xe9 caf\udce9"))
        café caf\udce9
    """
    return text.encode(errors="backslashreplace").decode()


def escaped(text: str) -> str:
    r"""Return a text with the escapes of Python for all that a terminal would not show.

    Example:
        >>> print(escaped("rm -r \x1b[8m /"))
        rm -r \x1b[8m /
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _printed(printer: Callable[[object], str], thing: object) -> str:
    try:
        return str.__str__(printer(thing))  # a text of a class of its own may raise, too
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001
        name = type(thing).__name__
        return f"<{name}, whose {printer.__name__} raises {type(error).__name__}>"


def ranges(numbers: Iterable[int]) -> str:
    """Return whole numbers in order, with those that follow each other as `3 to 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join(" to ".join(map(str, run)) for run in runs)
