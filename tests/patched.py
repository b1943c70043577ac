"""Pytest plugin, loaded with `-p` before anything else: the whole suite runs monkey-patched.

Nor does it touch what this user keeps: its data is in a folder of its own.
"""

import os
from tempfile import TemporaryDirectory

import pytest
from gevent import monkey

monkey.patch_all()


def pytest_configure(config: pytest.Config) -> None:
    data = TemporaryDirectory(prefix="rnd-actors-data-")
    config.add_cleanup(data.cleanup)
    os.environ["XDG_DATA_HOME"] = data.name
