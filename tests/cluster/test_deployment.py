"""The manifest for Kubernetes and the units of the guide fit together, and start what Dask has."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

yaml: Any = pytest.importorskip("yaml")  # Dask needs it

DOCS: Final = Path(__file__).parents[2] / "docs"
GUIDE: Final = (DOCS / "guide" / "cluster.md").read_text(encoding="utf-8")
MANIFEST: Final = list(yaml.safe_load_all((DOCS / "kubernetes.yml").read_text(encoding="utf-8")))
PODS: Final = [each["spec"]["template"] for each in MANIFEST if each["kind"] == "Deployment"]
[SERVICE] = [each for each in MANIFEST if each["kind"] == "Service"]
COMMANDS: Final = [
    *(pod["spec"]["containers"][0]["command"] for pod in PODS),
    *map(shlex.split, re.findall(r"^ExecStart=(.*)$", GUIDE, re.MULTILINE)),
]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_dask_has_the_command(command: list[str]) -> None:
    assert Path(command[0]).name == "dask"
    arguments = [sys.executable, "-m", "dask", *command[1:], "--help"]
    assert subprocess.run(arguments, check=False, capture_output=True).returncode == 0


def test_each_deployment_selects_its_own_pods() -> None:
    for deployment, pod in zip(MANIFEST[1:], PODS, strict=True):
        assert deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]


def test_the_hosts_look_for_the_scheduler_where_the_service_is() -> None:
    name, [port] = SERVICE["metadata"]["name"], SERVICE["spec"]["ports"]
    scheduler, worker = PODS
    assert SERVICE["spec"]["selector"] == scheduler["metadata"]["labels"]
    [container] = worker["spec"]["containers"]
    address = f"tcp://{name}:{port['port']}"
    assert address in container["command"]
    assert f"--cluster {address}" in GUIDE
