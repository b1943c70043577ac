"""The settings of a run, checked on creation."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import Attribute, asdict, converters, field, frozen

from rnd_actors._validators import optional, seconds, texts, whole_number
from rnd_actors.errors import SettingsError
from rnd_actors.sinks import STDOUT, Existing, check_suffix, is_store
from rnd_actors.workers import STANDIN


def _strings(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _paths(value: str | Path | Iterable[str | Path]) -> tuple[Path, ...]:
    return (Path(value),) if isinstance(value, str | Path) else tuple(map(Path, value))


def _existing(value: str | Existing) -> Existing:
    try:
        return Existing(value)
    except ValueError:
        accepted = " or ".join(repr(existing.value) for existing in Existing)
        raise SettingsError("existing", accepted, value) from None


@frozen(kw_only=True)
class RunSettings:
    """What a run is asked to do.

    Args:
        samples: the run stops at exactly that many, 1 or more.
        workers: how many worker processes, 1 to 1000.
        worker: the program to run as a worker and its first arguments; the stand-in by default.
        worker_args: appended to the worker's own arguments.
        base_port: worker i listens on base_port + i - 1; 0 chooses free ports.
        deadline: seconds from the first spawn until the run stops with the samples so far; None:
            there is none.
        start_timeout: seconds a worker may take to listen.
        stall_timeout: seconds of silence after which a worker counts as hung.
        outputs: files for the samples as they arrive, of the kinds `.jsonl`, `.csv` and `.parquet`,
            or `-` for stdout; a `.sqlite` or `.db` is a store of runs, and a run has one at most.
        worker_log: a folder for all that the workers write, which is made if it is missing: a file
            for each worker, bounded in size, that is continued if it is there; None: no files.
        existing: what becomes of files that hold something already: `"refuse"`, `"overwrite"`, or
            `"append"` where the kind of file can. A store keeps all runs in any case.

    Raises:
        SettingsError: a value is not accepted; it names the setting.
    """

    samples: int = field(default=150, validator=whole_number(1, 10**9))
    workers: int = field(default=16, validator=whole_number(1, 1000))
    worker: tuple[str, ...] = field(
        default=STANDIN, converter=_strings, validator=texts("a program and its arguments", least=1)
    )
    worker_args: tuple[str, ...] = field(default=(), converter=_strings, validator=texts("texts"))
    base_port: int = field(default=3001, validator=whole_number(0, 65535))
    deadline: float | None = field(default=None, validator=optional(seconds))
    start_timeout: float = field(default=5.0, validator=seconds)
    stall_timeout: float = field(default=5.0, validator=seconds)
    outputs: tuple[Path, ...] = field(default=(), converter=_paths)
    worker_log: Path | None = field(default=None, converter=converters.optional(Path))
    existing: Existing = field(default=Existing.REFUSE, converter=_existing)

    @outputs.validator
    def _check_outputs(self, attribute: "Attribute[Any]", outputs: tuple[Path, ...]) -> None:
        for output in outputs:
            check_suffix(output, attribute.name)
        got = [str(output) for output in outputs]
        if len(set(map(_identity, outputs))) < len(outputs):
            raise SettingsError(attribute.name, "each file once", got)
        if sum(map(is_store, outputs)) > 1:
            raise SettingsError(attribute.name, "one store at most", got)

    def __attrs_post_init__(self) -> None:
        highest = 65536 - self.workers
        if self.base_port > highest:
            form = f"a port up to {highest}, since {self.workers} workers need one each"
            raise SettingsError("base_port", form, self.base_port)

    def to_plain(self) -> dict[str, Any]:
        """Return these settings as JSON knows them, with paths for any working directory."""
        outputs = [
            str(output) if output == STDOUT else str(output.absolute()) for output in self.outputs
        ]
        log = None if self.worker_log is None else str(self.worker_log.absolute())
        others = {"outputs": outputs, "worker_log": log, "existing": self.existing.value}
        return {**asdict(self), **others}


def _identity(output: Path) -> object:
    """Return the same value for two names of the same file."""
    try:
        known = output.stat()
    except OSError:  # it does not exist, or opening it will raise a clear error
        return os.path.realpath(output)
    return known.st_dev, known.st_ino
