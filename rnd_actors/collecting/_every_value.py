"""The goal to have seen every value of a set."""

from collections.abc import Iterable

from attrs import define, field

from rnd_actors._validators import accepts
from rnd_actors.collecting._collector import Collector
from rnd_actors.collecting._sample import Sample

__all__ = ["EveryValue"]


def _numbers(values: Iterable[int]) -> frozenset[int]:
    return frozenset(values)


@define
class EveryValue(Collector):
    """Collects until every value of a set was seen.

    Args:
        values: what is to be seen, at least one whole number.

    Raises:
        SettingsError: there are no values.

    Example:
        >>> from rnd_actors import EveryValue
        >>> EveryValue(range(100)).findings()
        {'missing': 100}
    """

    values: frozenset[int] = field(
        converter=_numbers, validator=accepts("whole numbers, at least one", bool)
    )
    _missing: set[int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._missing = set(self.values)

    def is_reached(self, sample: Sample) -> bool:
        self._missing.discard(sample.value)
        return not self._missing

    def progress(self) -> float:
        return 1.0 - len(self._missing) / len(self.values)

    def findings(self) -> dict[str, int]:
        return {"missing": len(self._missing)}
