"""A preload for programs of Dask: on each host something else has another version."""

import importlib.metadata
import platform
import sys
from typing import Final

_OTHERS: Final = {
    "127.0.0.12": "distributed",
    "127.0.0.13": "rnd-actors",
    "scheduler": "rnd-actors",
}
_other = next((what for where, what in _OTHERS.items() if where in sys.argv), None)


def _version(distribution_name: str) -> str:
    if distribution_name == _other:
        return "0.0.1"
    return importlib.metadata.distribution(distribution_name).version


importlib.metadata.version = _version
if "127.0.0.11" in sys.argv:
    platform.python_version = lambda: "3.9.1"
