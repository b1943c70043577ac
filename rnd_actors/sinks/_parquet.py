"""Samples as a Parquet file, by pyarrow."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, field, fields_dict

from rnd_actors.collectors import Sample
from rnd_actors.errors import SinkError
from rnd_actors.sinks._files import replacing


@define
class ParquetWriter:
    """Writes a Parquet file with a column for each field of `Sample`.

    A Parquet file cannot be read before its end is written. So each write puts all samples so far
    into a draft, which replaces the file: it can be read at any time. A write takes longer the more
    samples there are: for tens of millions record to a store, and export that. A value of more than
    64 bits is a `SinkError`.
    """

    path: Path
    _batches: list[Any] = field(factory=list, init=False)

    def open(self) -> None:
        self._write_all()

    def write(self, samples: Sequence[Sample]) -> None:
        self._batches.append(_batch(samples, self.path))
        self._write_all()

    def close(self) -> None:
        self._batches.clear()

    def _write_all(self) -> None:
        with replacing(self.path) as file:
            pq.write_table(pa.Table.from_batches(self._batches, schema=_SCHEMA), file)


def write_parquet(file: BinaryIO, path: Path, batches: Iterable[Sequence[Sample]]) -> None:
    """Write samples to an open file; errors name it by its path."""
    with pq.ParquetWriter(file, _SCHEMA) as writer:
        for samples in batches:
            writer.write_batch(_batch(samples, path))


def _batch(samples: Sequence[Sample], path: Path) -> Any:
    columns = {name: [getattr(sample, name) for sample in samples] for name in fields_dict(Sample)}
    try:
        return pa.RecordBatch.from_pydict(columns, schema=_SCHEMA)
    except OverflowError as error:
        trouble = "a value does not fit into 64 bits, which .jsonl and .csv do not mind"
        raise SinkError(f"cannot write {path}: {trouble}") from error


_SCHEMA = pa.schema(
    [(name, pa.float64() if name == "received_at" else pa.int64()) for name in fields_dict(Sample)]
)
