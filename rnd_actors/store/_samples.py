"""The samples of a stored run, in forty bytes each: there may be millions."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from rnd_actors.collecting import Sample

__all__ = ["StoredSamples"]


class StoredSamples(Sequence[Sample]):
    """Samples in the order of their index, which is their place.

    They are kept in columns, and each is made when it is asked for.

    Args:
        batches: rows of all fields of a sample, from the first one on.
    """

    def __init__(self, batches: Iterable[Sequence[Sequence[Any]]]) -> None:
        self._columns = tuple(array(kind) for kind in "qqqqd")
        for rows in batches:
            _, *columns = zip(*rows, strict=True)
            for column, values in zip(self._columns, columns, strict=True):
                column.extend(values)

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, at: int) -> Sample: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Sample, ...]: ...
    def __getitem__(self, at: int | slice) -> Sample | tuple[Sample, ...]:
        places = range(len(self))[at]
        if isinstance(places, range):
            return tuple(self[place] for place in places)
        return Sample(places, *(column[places] for column in self._columns))

    def __iter__(self) -> Iterator[Sample]:
        return map(Sample, range(len(self)), *self._columns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]
