"""Plans: how likely a deadline is kept, and with how many workers, before anything is run."""

from rnd_actors.planning._figures import WorkerFigures
from rnd_actors.planning._forecast import Bar, Forecast
from rnd_actors.planning._proportion import Proportion
from rnd_actors.planning._settings import PlanSettings
from rnd_actors.planning._simulation import forecast

__all__ = ["Bar", "Forecast", "PlanSettings", "Proportion", "WorkerFigures", "forecast"]
