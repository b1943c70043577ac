"""Samples as a Parquet file, by pyarrow."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, field, fields_dict

from rnd_actors.collecting import Sample
from rnd_actors.errors import SinkError

__all__ = ["ParquetWriter"]


@define
class ParquetWriter:
    """Writes a Parquet file with a column for each field of `Sample`.

    Such a file cannot be read before its end is written. So each write writes all samples anew,
    beside the file, and puts that in its place: it can be read at any time. A write takes longer
    the more samples there are: for tens of millions record to a store, and export that.

    Values are 64 bits wide: a larger one is a `SinkError`.
    """

    path: Path
    _batches: list[Any] = field(factory=list, init=False)

    def open(self) -> None:
        self._write_all()

    def write(self, samples: Sequence[Sample]) -> None:
        columns = {
            name: [getattr(sample, name) for sample in samples] for name in fields_dict(Sample)
        }
        try:
            batch = pa.RecordBatch.from_pydict(columns, schema=_SCHEMA)
        except OverflowError as error:
            trouble = "a value does not fit into 64 bits, which .jsonl and .csv do not mind"
            raise SinkError(f"cannot write {self.path}: {trouble}") from error
        self._batches.append(batch)
        self._write_all()

    def close(self) -> None:
        self._batches.clear()

    def _write_all(self) -> None:
        beside = self.path.with_name(f".{self.path.name}.new")
        with self._clear_errors(beside):
            pq.write_table(pa.Table.from_batches(self._batches, schema=_SCHEMA), beside)
            beside.replace(self.path)

    @contextmanager
    def _clear_errors(self, beside: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            beside.unlink(missing_ok=True)
            trouble = os.strerror(error.errno) if error.errno else error
            raise SinkError(f"cannot write {self.path}: {trouble}") from error


_SCHEMA = pa.schema(
    [(name, pa.float64() if name == "received_at" else pa.int64()) for name in fields_dict(Sample)]
)
