"""What `rnd-actors run` is told: flags win over the environment, and that over a file."""

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from attrs import field, fields_dict, frozen

from rnd_actors.cli import _conversions as to
from rnd_actors.cli._input import read_text
from rnd_actors.cli._log_line import LogFormat
from rnd_actors.collecting import Collector, make_collector
from rnd_actors.errors import SettingsError
from rnd_actors.running import RunSettings, Unfinished
from rnd_actors.sinks import STDOUT, Existing, check_output

__all__ = ["OTHERWISE", "Options", "existing_of", "read_options"]


@frozen(kw_only=True)
class Options:
    """The settings of a run, and how to speak of it."""

    settings: RunSettings
    collector: Collector | None = None
    unfinished: Unfinished | None = None
    """What goes on; None: a run begins."""
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    log_format: LogFormat = LogFormat.TEXT
    labels: Mapping[str, str] = field(factory=dict)
    """What the settings that were given are called where they come from."""


_CONVERSIONS: Final[dict[str, Callable[[object], Any]]] = {
    "samples": to.whole_number,
    "workers": to.whole_number,
    "worker": to.command,
    "worker_args": to.arguments,
    "base_port": to.whole_number,
    "deadline": to.seconds,
    "start_timeout": to.seconds,
    "stall_timeout": to.seconds,
    "outputs": to.outputs,
    "worker_log": to.path,
    "overwrite": to.switch,
    "append": to.switch,
    "collector": str,
    "collector_options": to.arguments,
    "json": to.switch,
    "quiet": to.switch,
    "verbose": to.count,
    "log_format": to.log_format,
}
"""By the field of `RunSettings` or `Options` that the option sets."""
OTHERWISE: Final = "unless --overwrite or --append is given"
_PREFIX: Final = "RND_ACTORS_"
_REPEATABLE: Final = {
    "worker_args": "worker_arg",
    "outputs": "output",
    "collector_options": "collector_option",
}
"""The options that may be given many times, by field."""


@frozen
class _Given:
    """A value as it came, and what its source calls the option."""

    value: object
    label: str


def read_options(flags: Mapping[str, object], config: Path | None = None) -> Options:
    """Return what the flags, `RND_ACTORS_…` variables and the file say, one over the other.

    Args:
        flags: by field; None, False, 0 and no elements are what a flag has that was not given.
        config: a TOML file whose keys are the names of the options.

    Raises:
        SettingsError: a value is not accepted; it names the option as its source does.
    """
    given = {**_from_file(config), **_from_environment(), **_from_flags(flags)}
    try:
        values = {name: _convert(name, raw.value) for name, raw in given.items()}
        run = {name: values.pop(name) for name in fields_dict(RunSettings) if name in values}
        collector = _collector(values, given)
        run["existing"] = existing_of(
            overwrite=values.pop("overwrite", False), append=values.pop("append", False)
        )
        labels = {name: raw.label for name, raw in given.items()}
        settings = RunSettings(**run)
        options = Options(settings=settings, collector=collector, labels=labels, **values)
        for output in options.settings.outputs:
            check_output(output, options.settings.existing, otherwise=OTHERWISE)
    except SettingsError as error:
        label = given[error.setting].label
        raise SettingsError(label, error.accepted, error.got) from None
    if options.json and STDOUT in options.settings.outputs:
        label = given["outputs"].label
        raise SettingsError(label, "- only without --json: each needs stdout for itself", "-")
    return options


def existing_of(*, overwrite: bool, append: bool) -> Existing:
    """Return what becomes of files that hold something already.

    Raises:
        SettingsError: both are wanted.
    """
    if overwrite and append:
        raise SettingsError("append", "nothing beside overwrite: choose one of them", append)
    if append:
        return Existing.APPEND
    return Existing.OVERWRITE if overwrite else Existing.REFUSE


def _collector(values: dict[str, Any], given: Mapping[str, _Given]) -> Collector | None:
    """Take the collector and its options out of the values, and make it."""
    name, options = values.pop("collector", None), values.pop("collector_options", ())
    if name is None:
        if options:
            raise SettingsError("collector_options", "a value only with a collector", options[0])
        return None
    if "samples" in given:
        form = "a number only without a collector (count has the option goal=N)"
        raise SettingsError("samples", form, given["samples"].value)
    return make_collector(name, options)


def _convert(field: str, value: object) -> Any:
    try:
        return _CONVERSIONS[field](value)
    except ValueError as error:
        raise SettingsError(field, str(error), value) from None


def _from_flags(flags: Mapping[str, object]) -> dict[str, _Given]:
    return {
        field: _Given(value, _flag(field)) for field, value in flags.items() if value or value == ""
    }


def _from_environment() -> dict[str, _Given]:
    fields = {_PREFIX + _option(field).upper().replace("-", "_"): field for field in _CONVERSIONS}
    given = {
        name: value for name, value in os.environ.items() if name.startswith(_PREFIX) and value
    }
    if unknown := given.keys() - fields:
        raise _unknown("the environment", "the variables", min(unknown), fields, _PREFIX)
    return {fields[name]: _Given(value, name) for name, value in given.items()}


def _from_file(config: Path | None) -> dict[str, _Given]:
    if config is None:
        return {}
    table = _parse(config)
    fields = {_option(field): field for field in _CONVERSIONS}
    if unknown := table.keys() - fields:
        raise _unknown(str(config), "the keys", min(unknown), fields)
    return {fields[key]: _Given(value, f"{key} in {config}") for key, value in table.items()}


def _unknown(
    source: str, kind: str, name: str, known: Iterable[str], prefix: str = ""
) -> SettingsError:
    words = [each.removeprefix(prefix) for each in known]
    similar = get_close_matches(name.removeprefix(prefix), words, n=1)
    hint = f" (did you mean {prefix}{similar[0]}?)" if similar else ""
    return SettingsError(source, f"{kind} {', '.join(known)}{hint}", name)


def _parse(config: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_text(config))
    except OSError as error:
        trouble = error.strerror
    except RecursionError:
        trouble = "its brackets are nested too deeply"
    except ValueError as error:
        trouble = str(error)
    raise SettingsError("--config", f"a TOML file that can be read ({trouble})", str(config))


def _flag(field: str) -> str:
    return f"--{_option(field)}"


def _option(field: str) -> str:
    return _REPEATABLE.get(field, field).replace("_", "-")
