"""What workers have to do in parts of a second they may do in a minute: a machine may be busy."""

import pytest

from tests.processes import PATIENCE_S

_LIMITS = (
    "_actor._EXIT_PATIENCE_S",
    "_actor._LAST_OUTPUT_PATIENCE_S",
    "_family._PATIENCE_S",
    "_guardian._REAP_PATIENCE_S",
    "_process._LAST_WORDS_PATIENCE_S",
    "_process._REAP_PATIENCE_S",
)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in _LIMITS:
        monkeypatch.setattr(f"rnd_actors.workers.{limit}", PATIENCE_S)
