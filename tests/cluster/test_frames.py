import random
from typing import Any

import pytest

from rnd_actors.cluster import _frames
from rnd_actors.cluster._frames import FrameReader, decode, encode, pack, write_all
from rnd_actors.cluster._messages import (
    MESSAGES,
    Beat,
    Connected,
    End,
    Ended,
    Failure,
    Handled,
    Hello,
    HostRefused,
    LinesRead,
    Parcel,
    Ready,
    Refused,
    ShardLost,
    ShardUp,
    StartWorker,
    StopWorker,
    ToShard,
)
from rnd_actors.errors import ClusterError, WorkerError, WorkerExitedError
from rnd_actors.workers import (
    MalformedLine,
    PortTaken,
    Samples,
    WorkerLogLost,
    WorkerSpawned,
    WorkerStreaming,
)

EXITED = WorkerExitedError("worker 3 exited with code 1", ("panic", "bye"))
EXAMPLES = [
    StartWorker(3, 2, 3003, ("/bin/worker",), ("-x", "é"), 5.0, 0.5, 2.0, "/log"),
    StartWorker(3, 2, 3003, None, (), 5.0, 0.5, 2.0, None),
    StopWorker(3, 2),
    Handled(64),
    Beat(),
    End(),
    Hello(4711),
    Samples(3, 2, 100, (5, -6, 10**17), 1, 104, 12.5),
    LinesRead(3, 2, 105),
    Ended(3, 2, None),
    Ended(3, 2, Failure("WorkerError", "text", ("bye",))),
    WorkerSpawned(3, 2, 4712, 3003, "10.0.0.7"),
    WorkerSpawned(3, 2, 4712, 3003),
    WorkerStreaming(3, 2),
    MalformedLine(3, 2, b"rnd=\xff\xfe", 2),
    PortTaken(3, 2, 3003, 40000),
    WorkerLogLost(3, 2, "disk full"),
    Parcel(1, 2, 3, 4),
    ToShard(1, 2),
    Connected(2),
    Ready(),
    Refused("why"),
    ShardUp(1, 2, "10.0.0.7"),
    ShardLost(1, 2, "10.0.0.7", "gone"),
    HostRefused("10.0.0.7", "old"),
]


def test_every_message_comes_back_as_it_was() -> None:
    assert {type(each).__name__ for each in EXAMPLES} == set(MESSAGES)
    reader = FrameReader()
    assert [decode(body) for each in EXAMPLES for body in reader.feed(encode(each))] == EXAMPLES


@pytest.mark.parametrize("seed", range(20))
def test_frames_may_come_in_any_pieces(seed: int) -> None:
    chance = random.Random(seed)
    stream = b"".join(map(encode, EXAMPLES))
    reader, found = FrameReader(), list[Any]()
    while stream:
        size = chance.choice((1, 2, 3, 5, 50, 500))
        found += map(decode, reader.feed(stream[:size]))
        stream = stream[size:]
    assert found == EXAMPLES


def test_a_frame_is_bounded_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pack(b"x" * 20)
    monkeypatch.setattr(_frames, "LONGEST", 19)
    with pytest.raises(ClusterError, match="up to 19 bytes; got 20"):
        pack(b"x" * 20)
    with pytest.raises(ClusterError, match="one has 20"):
        list(FrameReader().feed(frame[:4]))  # before the rest of it has come


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"type":"Popen"}', b'{"type":"Handled"}'])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(ClusterError, match="no message"):
        decode(body)


def over_a_pipe(failure: Failure) -> WorkerError:
    [body] = FrameReader().feed(encode(Ended(1, 1, failure)))
    ended: Ended = decode(body)
    assert ended.failure is not None
    return ended.failure.to_error()


def test_an_error_travels_by_the_name_of_its_class() -> None:
    error = over_a_pipe(Failure.of(EXITED))
    assert (type(error), error.args) == (WorkerExitedError, EXITED.args)
    assert error.last_words == ("panic", "bye")


def test_an_error_of_others_travels_in_words() -> None:
    error = over_a_pipe(Failure.of(OSError(28, "No space left")))
    assert type(error) is WorkerError
    assert str(error) == "OSError: [Errno 28] No space left"


def test_no_frame_makes_anything_but_errors_of_workers() -> None:
    for name in ("signal", "SettingsError", "no_such_name"):  # of which `errors` has two
        error = over_a_pipe(Failure(name, "text"))
        assert type(error) is WorkerError
        assert str(error) == "text"


def test_short_writes_are_continued() -> None:
    written = bytearray()

    def write(descriptor: int, data: Any) -> int:
        written.extend(data[:3])
        return min(3, len(data))

    write_all(1, b"0123456789", write)
    assert written == b"0123456789"
