import re
import resource
import subprocess
import sys

import pytest

from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.collectors import Collection
from rnd_actors.errors import SettingsError
from rnd_actors.running import RunSettings, _limits
from rnd_actors.running._limits import make_room, raise_limit
from rnd_actors.running._workers import Workers
from rnd_actors.supervision import ChildSpec
from rnd_actors.workers import WorkerProcess

FILES = resource.RLIMIT_NOFILE


@pytest.mark.parametrize(
    ("workers", "soft", "hard", "expected"),
    [
        (16, 1024, 4096, 1024),
        (16, 68, 68, 68),
        (16, 64, 4096, 68),
        (16, 64, 68, 68),
        (1000, 1024, resource.RLIM_INFINITY, 3020),
        (1000, resource.RLIM_INFINITY, resource.RLIM_INFINITY, resource.RLIM_INFINITY),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_needed(
    workers: int, soft: int, hard: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {FILES: (soft, hard)}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    raise_limit(FILES, workers, fixed=20, per_worker=3)
    assert limits == {FILES: (expected, hard)}


@pytest.mark.parametrize(("hard", "most"), [(67, 15), (64, 14), (10, 0)])
def test_a_hard_limit_that_is_too_low_is_a_clear_error(
    hard: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (hard, hard))
    with pytest.raises(SettingsError) as caught:
        raise_limit(FILES, 16, fixed=20, per_worker=3)
    assert str(caught.value) == (
        f"workers takes as many as {hard} file descriptors allow, which is {most}: "
        "16 need 68 (see ulimit -n); got 16"
    )


def test_limits_that_are_high_enough_are_left_alone() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    make_room(1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_room_is_made_for_workers_that_have_been_added_but_do_not_stream_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What they will need is in use by nobody when the next ones are added."""
    limits = {FILES: (64, 4096), resource.RLIMIT_NPROC: (4096, 4096)}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    monkeypatch.setattr(_limits, "open_descriptors", lambda: range(10))
    settings = RunSettings(workers=2, base_port=0)
    workers = Workers.first(settings, WorkerProcess.spawn, None, 2, {})
    collection = Collection.for_workers({1: 4001, 2: 4002})
    assert limits[FILES] == (10 + 50 + 2 * 5, 4096)
    with ActorSystem() as system:
        collecting = system.start(ChildSpec("collector", Actor))
        for added in range(3, 8):
            workers.more(collection, [added], collecting)
            collection.add_workers([added])
            assert limits[FILES] == (10 + 50 + added * 5, 4096)
        for counts in collection.workers.values():
            counts.times.lines(1, 0.0)
        workers.more(collection, range(8, 18), collecting)
        assert limits[FILES] == (10 + 50 + 10 * 5, 4096)


AS_A_USER = """
from gevent import monkey; monkey.patch_all()
import os, resource
from rnd_actors import RunSettings, SettingsError, run
if os.getuid() == 0:
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
try:
    run(RunSettings(workers=4, base_port=0))
except SettingsError as error:
    print(error)
"""


def test_a_limit_of_processes_that_is_too_low_is_a_clear_error_for_all_but_root() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_A_USER], capture_output=True, text=True, check=True
    )
    told = r"workers takes as many as 1 processes and threads allow, which is 0: 4 need \d+ \(see"
    assert re.fullmatch(told + r" ulimit -u\); got 4\n", done.stdout)


FEW_FILES = """
from gevent import monkey; monkey.patch_all()
import resource
from rnd_actors import RunSettings, SettingsError, run
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
try:
    run(RunSettings(samples=1, workers=100, scale="deadline", deadline=600.0, base_port=0))
except SettingsError as error:
    print(error)
"""


def test_a_limit_that_is_too_low_for_all_that_a_policy_may_start_is_said_before_the_run() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FEW_FILES], capture_output=True, text=True, check=True
    )
    assert re.match(
        r"workers takes as many as 300 file descriptors allow, .*: 100 need", done.stdout
    )
