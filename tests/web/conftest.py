from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.supervision import ChildSpec
from rnd_actors.web import Listener, serve
from tests.web.serving import Fragile


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the sockets of a test; its path is short enough for them."""
    with TemporaryDirectory(prefix="rt-", ignore_cleanup_errors=True) as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield Path(runtime) / "rnd-actors"


@pytest.fixture
def listener(system: ActorSystem) -> Iterator[Listener]:
    with serve(system) as listener:
        yield listener


@pytest.fixture
def fragile(system: ActorSystem) -> ActorRef[int]:
    ref: ActorRef[int] = system.start(ChildSpec("fragile", Fragile))
    return ref
