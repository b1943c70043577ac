"""Real kernels: the chapter of the guide as a notebook, and the stop button.

They listen on sockets in the folder of the test: a port that was free may be taken by the time that
a kernel has started.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import alive, until
from tests.test_guide import GUIDE, blocks_of, expected_of

pytestmark = pytest.mark.slow

INTERRUPTS = """
from jupyter_client.manager import KernelManager

manager = KernelManager(kernel_name="python3", transport="ipc")
manager.start_kernel()
client = manager.client()
client.start_channels()
try:
    client.wait_for_ready(timeout=120)
    cell = client.execute('''
from rnd_actors import RunSettings
from rnd_actors.notebook import run_in_process
settings = RunSettings(
    samples=1_000_000, workers=2, base_port=0, worker_args=["-interval=0.01", "{tag}"]
)
result = run_in_process(settings)
print(result.outcome.value, result.samples > 0)
''')
    pressed = False
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != cell:
            continue
        if message["msg_type"] == "update_display_data":
            line = message["content"]["data"]["text/plain"]
            if not pressed and " of 1000000 samples" in line and not line.startswith("0 "):
                manager.interrupt_kernel()
                pressed = True
        if message["msg_type"] == "stream":
            print(message["content"]["text"], end="")
        if message["content"].get("execution_state") == "idle":
            break
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))


def python(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def code_cell(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text,
    }


def printed(cell: dict[str, Any]) -> str:
    return "".join(
        "".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream"
    )


@pytest.mark.timeout(600)
def test_the_chapter_is_a_notebook_that_prints_what_it_says(tmp_path: Path) -> None:
    blocks = list(blocks_of(GUIDE / "notebooks.md"))
    cells = [code_cell(block.text) for block in blocks if block.is_program]
    spec = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    page = {"cells": cells, "metadata": spec, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "page.ipynb").write_text(json.dumps(page))
    convert = ("-m", "nbconvert", "--to=notebook", "--execute", "--stdout", "page.ipynb")
    done = python(*convert, "--KernelManager.transport=ipc", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    executed = json.loads(done.stdout)["cells"]
    assert [printed(cell) for cell in executed] == list(expected_of(blocks))
    [below] = [out for out in executed[0]["outputs"] if out["output_type"] == "display_data"]
    assert "samples in" in "".join(below["data"]["text/plain"])


@pytest.mark.timeout(600)
def test_the_stop_button_ends_the_run_in_order(tmp_path: Path) -> None:
    tag = f"-seed={int.from_bytes(os.urandom(6))}"
    done = python("-c", INTERRUPTS.replace("{tag}", tag), folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "interrupted True\n"), done.stderr
    until(lambda: not alive(tag))
