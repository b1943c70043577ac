"""What a run is asked to do, checked on creation."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from attrs import Attribute, field, frozen

from rnd_actors.errors import SettingsError
from rnd_actors.workers import STANDIN

__all__ = ["RunSettings"]


def _accepts(form: str, test: Callable[[Any], bool]) -> Callable[..., None]:
    def validate(_: object, attribute: "Attribute[Any]", value: object) -> None:
        if not test(value):
            raise SettingsError(attribute.name, form, value)

    return validate


def _whole(least: int, most: int) -> Callable[..., None]:
    return _accepts(
        f"a whole number from {least} to {most}",
        lambda value: type(value) is int and least <= value <= most,
    )


def _strings(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _is_seconds(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < float("inf")


_seconds = _accepts("seconds > 0", _is_seconds)
_seconds_or_none = _accepts("seconds > 0", lambda value: value is None or _is_seconds(value))


@frozen(kw_only=True)
class RunSettings:
    """What a run is asked to do.

    Args:
        samples: the run stops at exactly that many, 1 or more.
        workers: how many worker processes, 1 to 1000.
        worker: the program to run as a worker and its first arguments; the stand-in by default.
        worker_args: appended to the worker's own arguments.
        base_port: worker i listens on base_port + i - 1; 0 chooses free ports.
        deadline: seconds from the first spawn until the run stops with what it has; None: none.
        start_timeout: seconds a worker may take to listen.
        stall_timeout: seconds of silence after which a worker counts as hung.
        output: a file for the samples as they arrive, one JSON object a line.

    Raises:
        SettingsError: a value is not accepted; it names the setting.

    Example:
        >>> from rnd_actors import RunSettings
        >>> RunSettings(samples=30, workers=4).deadline is None
        True
    """

    samples: int = field(default=150, validator=_whole(1, 10**9))
    workers: int = field(default=16, validator=_whole(1, 1000))
    worker: tuple[str, ...] = field(
        default=STANDIN, converter=_strings, validator=_accepts("a program and its arguments", bool)
    )
    worker_args: tuple[str, ...] = field(default=(), converter=_strings)
    base_port: int = field(default=3001, validator=_whole(0, 65535))
    deadline: float | None = field(default=None, validator=_seconds_or_none)
    start_timeout: float = field(default=5.0, validator=_seconds)
    stall_timeout: float = field(default=5.0, validator=_seconds)
    output: Path | None = None

    def __attrs_post_init__(self) -> None:
        highest = 65536 - self.workers
        if self.base_port > highest:
            form = f"a port up to {highest}, since {self.workers} workers need one each"
            raise SettingsError("base_port", form, self.base_port)
