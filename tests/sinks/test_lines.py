"""Lines of text: what is in them, and what becomes of them on a full disk."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import gevent
import pytest
from attrs import evolve

from rnd_actors.actors import ActorSystem, Crashed
from rnd_actors.collectors import Accepted, Sample
from rnd_actors.errors import SinkError
from rnd_actors.events import ActorFailed
from rnd_actors.sinks import Sink, writer_for
from rnd_actors.sinks._files import LinesWriter
from rnd_actors.supervision import ChildSpec, Restart

SAMPLE = Sample(index=0, value=17, worker=2, incarnation=1, seq=0, received_at=1.5)


def sink(path: Path) -> ChildSpec:
    return ChildSpec(
        "output", lambda: Sink(writer_for(path)), restart=Restart.TEMPORARY, drain=True
    )


def test_every_sample_is_a_json_object_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    with ActorSystem() as system:
        ref = system.start(sink(path))
        ref.tell(Accepted((SAMPLE, SAMPLE)))
        ref.tell(Accepted((SAMPLE,)))
    lines = path.read_text().splitlines()
    assert len(lines) == 3
    assert list(json.loads(lines[0]).items()) == [
        ("index", 0),
        ("value", 17),
        ("worker", 2),
        ("incarnation", 1),
        ("seq", 0),
        ("received_at", 1.5),
    ]


def test_a_file_that_cannot_be_written_ends_the_sink(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "samples.jsonl"
    with ActorSystem() as system:
        failures: list[ActorFailed] = []
        system.events.subscribe(failures.append, to=ActorFailed)
        with pytest.raises(SinkError) as caught:
            system.start(sink(path))
        assert system.find("output") is None
    assert str(caught.value) == f"cannot write {path}: No such file or directory"
    assert failures == [ActorFailed("output", 1, Crashed(caught.value))]


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a disk that becomes full: what still fits is written, and then there is an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("batches", [(10,), (2, 1, 1), (3, 1)])
def test_a_line_that_could_not_be_written_as_a_whole_is_taken_back(
    tmp_path: Path, batches: tuple[int, ...]
) -> None:
    path = tmp_path / "samples.jsonl"
    failures: list[ActorFailed] = []
    with no_file_larger_than(300), ActorSystem() as system:
        system.events.subscribe(failures.append, to=ActorFailed)
        ref = system.start(sink(path))
        for count in batches:
            ref.tell(Accepted((SAMPLE,) * count))
    [failed] = failures
    assert str(failed.reason) == f"crashed: SinkError: cannot write {path}: File too large"
    *lines, rest = path.read_text().split("\n")
    assert [json.loads(line)["value"] for line in lines] == [17] * 3
    assert rest == ""


def test_rows_of_csv_stand_under_their_names(tmp_path: Path) -> None:
    path = tmp_path / "samples.CSV"
    writer = writer_for(path)
    writer.open()
    assert path.read_text() == "index,value,worker,incarnation,seq,received_at\n"
    writer.write([SAMPLE, SAMPLE])
    writer.close()
    assert path.read_text().splitlines()[1:] == ["0,17,2,1,0,1.5"] * 2


def test_a_pipe_that_does_not_wait_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    writer = LinesWriter("pipe", lambda: FileIO(writing, "w"), lambda sample: str(sample.index))
    many = tuple(evolve(SAMPLE, index=index) for index in range(50_000))
    reader = gevent.get_hub().threadpool.spawn(Path(f"/dev/fd/{reading}").read_bytes)
    with ActorSystem() as system:
        system.start(ChildSpec("pipe", lambda: Sink(writer), drain=True)).tell(Accepted(many))
    text = reader.get() or b""
    os.close(reading)
    assert text.split() == [b"%d" % index for index in range(50_000)]
