"""A child that the program forks during a run has no part in it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.processes import PATIENCE_S, alive

pytestmark = pytest.mark.slow

FORKING: Final = """
from gevent import monkey
monkey.patch_all()
import os, subprocess, sys, time
from rnd_actors import RunSettings, run
from rnd_actors.collectors import SamplesAccepted

children = []

def fork(event):
    if isinstance(event, SamplesAccepted) and event.total >= 20 * (len(children) + 1) <= 100:
        child = os.fork()
        if child == 0:
            {child}
        children.append(child)

settings = RunSettings(
    samples=200, workers=4, base_port=0, outputs=sys.argv[1:],
    worker_args=("-interval", "0.02", "-consecutive"),
)
result = run(settings, subscriber=fork)
for child in children:
    os.waitpid(child, 0)
print(len(children), result.outcome.value, result.samples, sorted(result.values))
"""


CHILDREN: Final = {
    "waits": "time.sleep(1.5); os._exit(0)",
    "starts another program": "os.execv('/bin/true', ['true'])",
    "runs another program": "subprocess.run(['/bin/true']); os._exit(0)",
    "leaves in order": "time.sleep(0.1); sys.exit(0)",
    "crashes": "1 / 0",
    "goes on": "return",
}


@pytest.mark.parametrize("child", CHILDREN)
def test_it_neither_reads_nor_writes(child: str, tmp_path: Path) -> None:
    lines, table = tmp_path / "samples.jsonl", tmp_path / "samples.csv"
    program = FORKING.format(child=CHILDREN[child])
    done = subprocess.run(
        [sys.executable, "-c", program, str(lines), str(table)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=4 * PATIENCE_S,
        check=False,
    )
    [told] = [line for line in done.stdout.splitlines() if "complete" in line]
    children, outcome, samples, values = told.split(maxsplit=3)
    assert (int(children) >= 1, outcome, int(samples)) == (True, "complete", 200)
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [row["index"] for row in rows] == list(range(200))
    assert sorted(row["value"] for row in rows) == json.loads(values)
    assert all(row["value"] == row["seq"] and row["incarnation"] == 1 for row in rows)
    assert len(table.read_text().splitlines()) == 201
    assert alive(f"{tmp_path}") == []
