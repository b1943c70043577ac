"""The settings of a run, checked on creation."""

import os
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from attrs import Attribute, Factory, asdict, converters, field, frozen

from rnd_actors._validators import (
    accepts,
    confidence,
    instance,
    optional,
    seconds,
    texts,
    whole_number,
)
from rnd_actors._worker_limits import MOST_WORKERS, most_workers, number_of_workers
from rnd_actors.errors import SettingsConflictError, SettingsError
from rnd_actors.scaling import Scaling, WorkerFigures
from rnd_actors.sinks import STDOUT, Existing, check_suffix, is_store
from rnd_actors.workers import STANDIN

E = TypeVar("E", bound=Enum)
_WORKERS: Final = 16
_SCHEMES: Final = ("tcp", "tls", "ucx", "ws", "wss")

switch = instance(bool, "true or false")


def _strings(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _paths(value: str | Path | Iterable[str | Path]) -> tuple[Path, ...]:
    return (Path(value),) if isinstance(value, str | Path) else tuple(map(Path, value))


def _scaling(value: str | Scaling) -> Scaling:
    return _member(Scaling, "scale", value)


def _figures(value: WorkerFigures | Mapping[str, Any]) -> WorkerFigures:
    return WorkerFigures(**value) if isinstance(value, Mapping) else value


def _existing(value: str | Existing) -> Existing:
    return _member(Existing, "existing", value)


def _member(kind: type[E], setting: str, value: str | E) -> E:
    try:
        return kind(value)
    except ValueError:
        accepted = " or ".join(repr(member.value) for member in kind)
        raise SettingsError(setting, accepted, value) from None


def _is_cluster(value: object) -> bool:
    if not isinstance(value, str):
        return False
    if re.fullmatch(r"local:([1-9][0-9]?|100)", value):
        return True
    try:
        parts = urlsplit(value)
        has_host_and_port = bool(parts.hostname and parts.port)
    except ValueError:  # the port is out of range, or a bracket is missing
        return False
    is_short = value == f"{parts.scheme}://{parts.netloc}" and "@" not in value
    return parts.scheme in _SCHEMES and has_host_and_port and is_short


_cluster = accepts(
    "the address of a scheduler of Dask, like tcp://10.0.0.1:8786, tls://head:8786 or "
    "tcp://[fd00::1]:8786, or local:N with 1 to 100 hosts",
    _is_cluster,
)


def _number_of_workers(settings: "RunSettings") -> int:
    per_host, hosts = settings.workers_per_host, settings.hosts
    if type(per_host) is int and type(hosts) is int:
        return per_host * hosts
    return _WORKERS


@frozen(kw_only=True)
class RunSettings:
    """What a run is asked to do.

    Args:
        samples: the run stops at exactly that many, 1 or more.
        workers: how many worker processes, 1 to 1000, or to 10000 with a cluster; with
            `scale="deadline"` at most. 16 by default, or `workers_per_host` on each of `hosts`.
        least_workers: how many there are at least with `scale="deadline"`, 1 to `workers`.
        scale: `"fixed"`: all workers from the beginning; `"deadline"`: as many as the deadline
            needs, which has to be given.
        confidence: with what probability the deadline is to be kept, from 0.5 to less than 1.
        replace_slow: whether workers that are much slower than the others are replaced; None: with
            `scale="deadline"`.
        figures: what is known of the workers before the run; those of the contract by default.
        give_up_early: whether the run ends as soon as its deadline, which has to be given, is lost.
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
        cluster: the address of a scheduler of Dask, on whose hosts the workers run, like
            `tcp://10.0.0.1:8786`; `local:3` starts one with three hosts on this machine; None: the
            workers run on this machine.
        hosts: how many hosts of the cluster are used, 1 to 1000; None: all that are there.
        workers_per_host: how many workers each of `hosts` has, instead of `workers`.
        cluster_timeout: seconds for the scheduler and the hosts to answer; None: 10, or 60 with
            `local:N`, which has to start them.

    Raises:
        SettingsError: a value is not accepted; it names the setting.
    """

    cluster: str | None = field(default=None, validator=optional(_cluster))
    cluster_timeout: float | None = field(default=None, validator=optional(seconds))
    hosts: int | None = field(default=None, validator=optional(whole_number(1, 1000)))
    workers_per_host: int | None = field(
        default=None, validator=optional(whole_number(1, MOST_WORKERS))
    )
    samples: int = field(default=150, validator=whole_number(1, 10**9))
    workers: int = field(default=Factory(_number_of_workers, takes_self=True))
    least_workers: int = field(default=1, validator=whole_number(1, MOST_WORKERS))
    scale: Scaling = field(default=Scaling.FIXED, converter=_scaling)
    confidence: float = field(default=0.99, validator=confidence)
    replace_slow: bool | None = field(default=None, validator=optional(switch))
    figures: WorkerFigures = field(factory=WorkerFigures, converter=_figures)
    give_up_early: bool = field(default=False, validator=switch)
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

    @workers.validator
    def _check_workers(self, attribute: "Attribute[Any]", workers: int) -> None:
        number_of_workers(most_workers(self.cluster))(self, attribute, workers)

    @workers_per_host.validator
    def _check_workers_per_host(self, attribute: "Attribute[Any]", per_host: int | None) -> None:
        if per_host is None:
            return
        if self.hosts is None:
            form = "a number only with one of hosts"
            raise SettingsError(attribute.name, form, per_host)
        if per_host * self.hosts > MOST_WORKERS:
            most = MOST_WORKERS // self.hosts
            form = f"a number up to {most}, since {MOST_WORKERS} workers are the most"
            raise SettingsError(attribute.name, form, per_host)
        if per_host * self.hosts != self.workers:
            raise SettingsConflictError("workers and workers_per_host exclude each other")

    def __attrs_post_init__(self) -> None:
        highest = 65536 - self.workers
        if self.base_port > highest:
            form = f"a port up to {highest}, since {self.workers} workers need one each"
            raise SettingsError("base_port", form, self.base_port)
        if self.least_workers > self.workers:
            form = f"a number up to that of the workers, {self.workers}"
            raise SettingsError("least_workers", form, self.least_workers)
        if self.scale is Scaling.DEADLINE and self.deadline is None:
            raise SettingsConflictError("scale='deadline' needs a deadline")
        if self.give_up_early and self.deadline is None:
            raise SettingsConflictError("give_up_early needs a deadline")
        if self.cluster is None:
            for name in ("hosts", "cluster_timeout"):
                if (value := getattr(self, name)) is not None:
                    raise SettingsError(name, "a number only with a cluster", value)

    def to_plain(self) -> dict[str, Any]:
        """Return these settings as JSON knows them, with paths for any working directory."""
        outputs = [
            str(output) if output == STDOUT else str(output.absolute()) for output in self.outputs
        ]
        log = None if self.worker_log is None else str(self.worker_log.absolute())
        others = {
            "outputs": outputs,
            "worker_log": log,
            "existing": self.existing.value,
            "scale": self.scale.value,
        }
        return {**asdict(self), **others}


def _identity(output: Path) -> object:
    """Return the same value for two names of the same file."""
    try:
        known = output.stat()
    except OSError:  # it does not exist, or opening it will raise a clear error
        return os.path.realpath(output)
    return known.st_dev, known.st_ino
