"""Parquet files can be read at any time."""

import errno
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq
import pytest
from attrs import evolve

from rnd_actors.errors import SettingsError, SinkError
from rnd_actors.sinks import _outputs, writer_for
from rnd_actors.sinks._files import _draft_name
from tests.sinks.writers import sample


def test_a_file_can_be_read_after_each_write(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    writer = writer_for(path)
    writer.open()
    assert pq.read_table(path).num_rows == 0
    for index in range(3):
        writer.write([sample(index)])
        assert pq.read_table(path).column("index").to_pylist() == list(range(index + 1))
    writer.close()
    assert pq.read_table(path).to_pylist()[1] == {
        "index": 1,
        "value": 17,
        "worker": 2,
        "incarnation": 1,
        "seq": 1,
        "received_at": 1.5,
    }
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "samples.parquet"
    with pytest.raises(SinkError) as caught:
        writer_for(path).open()
    assert str(caught.value) == f"cannot write {path}: No such file or directory"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
def test_a_value_beyond_64_bits_is_said_and_what_was_written_stays(
    tmp_path: Path, value: int
) -> None:
    path = tmp_path / "samples.parquet"
    writer = writer_for(path)
    writer.open()
    writer.write([evolve(sample(0), value=2**63 - 1)])
    with pytest.raises(SinkError, match=r"^cannot write .*samples\.parquet: .* 64 bits"):
        writer.write([sample(1), evolve(sample(2), value=value)])
    writer.close()
    assert pq.read_table(path).column("value").to_pylist() == [2**63 - 1]


def test_a_disk_that_becomes_full_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_a_part(table: object, where: BinaryIO) -> None:
        where.write(b"PAR1")
        raise OSError(errno.ENOSPC, "in words of pyarrow")

    path = tmp_path / "samples.parquet"
    writer = writer_for(path)
    writer.open()
    writer.write([sample()])
    monkeypatch.setattr(pq, "write_table", write_a_part)
    with pytest.raises(SinkError, match=r"^cannot write .*: No space left on device$"):
        writer.write([sample(1)])
    writer.close()
    assert pq.read_table(path).num_rows == 1
    assert list(tmp_path.iterdir()) == [path]


def test_no_link_is_followed_where_the_draft_is_to_be(tmp_path: Path) -> None:
    path, victim = tmp_path / "s.parquet", tmp_path / "victim"
    victim.write_text("dear to its owner")
    writer = writer_for(path)
    writer.open()
    for name in (_draft_name(path.name), ".s.parquet.new"):
        (tmp_path / name).symlink_to(victim)
    writer.write([sample()])
    writer.close()
    assert victim.read_text() == "dear to its owner"
    assert pq.read_table(path).num_rows == 1
    assert not (tmp_path / _draft_name(path.name)).is_symlink()


def test_a_link_that_is_the_output_is_kept(tmp_path: Path) -> None:
    path, target = tmp_path / "s.parquet", tmp_path / "target.parquet"
    path.symlink_to(target)
    writer = writer_for(path)
    writer.open()
    writer.close()
    assert path.is_symlink()
    assert pq.read_table(target).num_rows == 0


def test_without_pyarrow_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_outputs, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'rnd-actors\[parquet\]'"):
        writer_for(Path("samples.parquet"))
