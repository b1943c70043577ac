"""A resumed run from options to exit code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from rnd_actors.cli import _conversions as to
from rnd_actors.cli._confirm import confirm
from rnd_actors.cli._execute import execute
from rnd_actors.cli._log_line import LogFormat
from rnd_actors.cli._options import Options
from rnd_actors.errors import SettingsError
from rnd_actors.running import RunSettings, Unfinished
from rnd_actors.sinks import STDOUT
from rnd_actors.store import read_checkpoint

__all__ = ["execute_resume"]


def execute_resume(store: Path, run: int | None, flags: Mapping[str, Any]) -> int:
    """Go on with a run as the flags say, report what came of it and return the exit code.

    Args:
        store: where it is.
        run: its id; None: the latest.
        flags: `deadline`, `yes`, and those of `Options`; None: not given.

    Raises:
        SettingsError: a value is not accepted.
        StoreError: there is no such run, or it cannot go on or is not to.
    """
    given = {name: flag for name, flag in flags.items() if flag is not None}
    deadline = given.pop("deadline", None)
    if "log_format" in given:
        given["log_format"] = _log_format(given["log_format"])
    unfinished = _unfinished(store, run, yes=given.pop("yes"))
    if given["json"] and STDOUT in unfinished.settings.outputs:
        raise SettingsError("--json", "nothing: the samples of this run go to stdout", "--json")
    if deadline is not None:
        settings = _with_deadline(unfinished, deadline)
        unfinished = evolve(unfinished, settings=settings)
    return execute(Options(settings=unfinished.settings, unfinished=unfinished, **given))


def _unfinished(store: Path, run: int | None, *, yes: bool) -> Unfinished:
    remains = read_checkpoint(store, run)
    if not remains.is_own:
        confirm(remains, Unfinished.settings_of(remains, store), store, yes=yes)
    return Unfinished.of(store, remains, trusted=True)


def _with_deadline(unfinished: Unfinished, deadline: str) -> RunSettings:
    try:
        seconds: Any = to.seconds(deadline)
        return evolve(unfinished.settings, deadline=seconds)
    except SettingsError as error:
        raise SettingsError("--deadline", error.accepted, error.got) from None


def _log_format(given: str) -> LogFormat:
    try:
        return to.log_format(given)
    except ValueError as error:
        raise SettingsError("--log-format", str(error), given) from None
