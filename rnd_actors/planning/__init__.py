"""Plans: how likely a deadline is kept, and with how many workers, before anything is run."""

from rnd_actors.planning._forecast import Bar, Forecast, Proportion, forecast
from rnd_actors.planning._plan import PlanSettings, WorkerFigures

__all__ = ["Bar", "Forecast", "PlanSettings", "Proportion", "WorkerFigures", "forecast"]
