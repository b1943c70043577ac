"""What a run is asked to do, checked on creation."""

from collections.abc import Iterable
from pathlib import Path

from attrs import field, frozen

from rnd_actors._validators import accepts, optional, seconds, whole_number
from rnd_actors.errors import SettingsError
from rnd_actors.workers import STANDIN

__all__ = ["RunSettings"]


def _strings(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


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

    samples: int = field(default=150, validator=whole_number(1, 10**9))
    workers: int = field(default=16, validator=whole_number(1, 1000))
    worker: tuple[str, ...] = field(
        default=STANDIN, converter=_strings, validator=accepts("a program and its arguments", bool)
    )
    worker_args: tuple[str, ...] = field(default=(), converter=_strings)
    base_port: int = field(default=3001, validator=whole_number(0, 65535))
    deadline: float | None = field(default=None, validator=optional(seconds))
    start_timeout: float = field(default=5.0, validator=seconds)
    stall_timeout: float = field(default=5.0, validator=seconds)
    output: Path | None = None

    def __attrs_post_init__(self) -> None:
        highest = 65536 - self.workers
        if self.base_port > highest:
            form = f"a port up to {highest}, since {self.workers} workers need one each"
            raise SettingsError("base_port", form, self.base_port)
