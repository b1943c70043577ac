"""The wheel is all that a user needs: it is built, unpacked and run in an empty folder."""

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_wheel_runs_in_an_empty_folder_with_the_worker_that_it_brings(tmp_path: Path) -> None:
    built, installed, empty = (tmp_path / name for name in ("built", "installed", "empty"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = built.iterdir()
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(installed)
    vendored = [name for name in names if "web/static/vendor/" in name]
    assert {"htm.LICENSE.txt", "preact.LICENSE.txt", "uplot.LICENSE.txt", "uplot.js"} <= {
        Path(name).name for name in vendored
    }
    assert not any("axe" in name for name in names)
    empty.mkdir()
    run = ["run", "--samples=20", "--base-port=0", "--worker-arg=-interval=0.01", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "rnd_actors", *run],
        cwd=empty,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["samples"] == 20
    assert list(empty.iterdir()) == []
