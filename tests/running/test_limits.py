import re
import resource
import subprocess
import sys

import pytest

from rnd_actors.errors import SettingsError
from rnd_actors.running._workers import make_room, raise_limit

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
