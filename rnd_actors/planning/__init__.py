"""Plans: how likely a deadline is kept, and with how many workers, before anything is run."""

from rnd_actors.planning._forecast import (
    Forecast,
    ForecastBar,
    PlanProgress,
    PolicyForecast,
    Proportion,
    compare,
    forecast,
)
from rnd_actors.planning._run import PlannedRun
from rnd_actors.planning._settings import PlanSettings, WorkerProfile

__all__ = [
    "Forecast",
    "ForecastBar",
    "PlanProgress",
    "PlanSettings",
    "PlannedRun",
    "PolicyForecast",
    "Proportion",
    "WorkerProfile",
    "compare",
    "forecast",
]
