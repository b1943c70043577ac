import json
from pathlib import Path

import pytest

from rnd_actors.actors import ActorFailed, ActorSystem, ChildSpec, Crashed, Restart
from rnd_actors.collecting import Accepted, JsonLinesSink, Sample
from rnd_actors.errors import SinkError

SAMPLE = Sample(index=0, value=17, worker=2, incarnation=1, seq=0, received_at=1.5)


def sink(path: Path) -> ChildSpec:
    return ChildSpec("output", lambda: JsonLinesSink(path), restart=Restart.TEMPORARY, drain=True)


def test_every_sample_is_a_json_object_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text("from an earlier run\n")
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
