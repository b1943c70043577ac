import os

import pytest


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("RND_ACTORS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")
