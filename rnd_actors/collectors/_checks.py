"""What a collector declares and answers, checked before anything relies on it."""

from collections.abc import Mapping
from numbers import Integral, Real
from sys import float_info
from typing import Final

from rnd_actors._printing import shown
from rnd_actors._validators import accepts, optional, require, seconds
from rnd_actors.collectors._collector import Collector
from rnd_actors.scaling import ScalingPolicy

_LARGEST_GOAL: Final = 10**9

_DECLARED: Final = {
    "goal": accepts(
        f"a whole number from 1 to {_LARGEST_GOAL}, or None",
        lambda goal: goal is None or (type(goal) is int and 1 <= goal <= _LARGEST_GOAL),
    ),
    "duration": optional(seconds),
    "policy": accepts(
        "a ScalingPolicy, or None",
        lambda policy: policy is None or isinstance(policy, ScalingPolicy),
    ),
}


def check_declared(collector: Collector) -> None:
    """Check the attributes of a collector that a run relies on.

    Raises:
        SettingsError: one is not accepted; it is named as `Class.attribute`.

    Example:
        >>> from rnd_actors.collectors import SampleCount, check_declared
        >>> class Mine(SampleCount):
        ...     duration = -1.0
        >>> check_declared(Mine(150))
        Traceback (most recent call last):
        rnd_actors.errors.SettingsError: Mine.duration takes seconds > 0; got -1.0
    """
    for name, validator in _DECLARED.items():
        require(validator, f"{type(collector).__name__}.{name}", getattr(collector, name))


def progress_of(collector: Collector) -> float:
    """Return the progress of a collector, 0.0 to 1.0; 0.0 if it is not a number (NaN).

    Raises:
        TypeError: it answers something else than a number.
    """
    share: object = collector.progress()
    if not isinstance(share, Real):
        raise TypeError(f"progress() returns a number from 0.0 to 1.0; got {shown(share)}")
    return min(1.0, max(0.0, float(share)))


def findings_of(collector: Collector) -> dict[str, float | int | str | None]:
    """Return the findings of a collector; numbers of other kinds, as NumPy has, become Python's.

    Raises:
        TypeError: they are something else than numbers, texts and None by name.

    Example:
        >>> from fractions import Fraction
        >>> from rnd_actors.collectors import SampleCount, findings_of
        >>> class Half(SampleCount):
        ...     def findings(self):
        ...         return {"share": Fraction(1, 2)}
        >>> findings_of(Half(150))
        {'share': 0.5}
    """
    findings: object = collector.findings()
    if not isinstance(findings, Mapping):
        raise TypeError(f"findings() returns a mapping; got {shown(findings)}")
    return {_name(name): _plain(finding) for name, finding in findings.items()}


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the names of findings are texts; got {shown(name)}")
    return name


def _plain(finding: object) -> float | int | str | None:
    if isinstance(finding, float | str | bool | None):
        return finding
    if isinstance(finding, Integral) and abs(int(finding)) <= float_info.max:
        return int(finding)
    if isinstance(finding, Real) and not isinstance(finding, Integral):
        return float(finding)
    raise TypeError(f"findings are numbers, texts or None; got {shown(finding)}")
