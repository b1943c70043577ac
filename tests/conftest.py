"""Every test runs on its own: nothing of ours may be left when it ends."""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import gevent
import hypothesis
import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.testing import no_leaks
from tests.actors.toys import Record
from tests.processes import PATIENCE_S

hypothesis.settings.register_profile("suite", deadline=None)  # a machine may be busy
hypothesis.settings.load_profile("suite")

pytest_plugins = ["rnd_actors.testing.plugin"]


def pytest_configure(config: pytest.Config) -> None:
    """Give the suite folders of its own: what this user keeps, or runs, is not touched or seen."""
    for name in ("TMPDIR", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        folder = TemporaryDirectory(prefix="rnd-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        os.environ[name] = folder.name
        Path(folder.name).chmod(0o711)  # tests have other users read what is theirs
    tempfile.tempdir = None  # it is looked for again
    patched = pytest.MonkeyPatch()
    patched.setattr("rnd_actors.testing._leaks._PATIENCE_S", PATIENCE_S)  # a machine may be busy
    config.add_cleanup(patched.undo)


@pytest.fixture
def only_new_objects() -> None:
    """What was there before is no leak; looking through it twice a test took most of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_leaks(only_new_objects: None) -> Iterator[None]:
    gevent.get_hub().threadpool  # noqa: B018 - made before the test, it is not a leak of the test
    with no_leaks():
        yield


@pytest.fixture
def system() -> Iterator[ActorSystem]:
    with ActorSystem() as system:
        yield system


@pytest.fixture
def events(system: ActorSystem) -> Record:
    record = Record()
    system.events.subscribe(record.add)
    return record


@pytest.fixture
def diary() -> Record:
    return Record()
