"""Virtual time: the same actors, deterministic, in a fraction of the time, on schedules by seed."""

from rnd_actors.simulation._faults import Crash, CutOff, Fault, Hang, InjectedError, Slow
from rnd_actors.simulation._loop import Seed
from rnd_actors.simulation._simulate import Simulated, explore, simulate
from rnd_actors.simulation._virtual_time import VirtualTime
from rnd_actors.simulation._worker import SimulatedWorker

__all__ = [
    "Crash",
    "CutOff",
    "Fault",
    "Hang",
    "InjectedError",
    "Seed",
    "Simulated",
    "SimulatedWorker",
    "Slow",
    "VirtualTime",
    "explore",
    "simulate",
]
