"""The test kit: for testing your own actors, with pytest or without."""

from rnd_actors.simulation import InjectedError
from rnd_actors.testing._faults import crash_at, delay, drop
from rnd_actors.testing._leaks import no_leaks
from rnd_actors.testing._probe import EventCapture, Probe
from rnd_actors.testing._state import replace_state

__all__ = [
    "EventCapture",
    "InjectedError",
    "Probe",
    "crash_at",
    "delay",
    "drop",
    "no_leaks",
    "replace_state",
]
