"""Scaling policies: how many workers a run has, and which of them are replaced."""

from rnd_actors.scaling._figures import WorkerFigures
from rnd_actors.scaling._policies import DeadlinePolicy, FixedPolicy, policy_for
from rnd_actors.scaling._view import (
    DeadlineLost,
    Decision,
    Measured,
    RunView,
    Scaling,
    ScalingPolicy,
    WorkerView,
    decision_interval_s,
)

__all__ = [
    "DeadlineLost",
    "DeadlinePolicy",
    "Decision",
    "FixedPolicy",
    "Measured",
    "RunView",
    "Scaling",
    "ScalingPolicy",
    "WorkerFigures",
    "WorkerView",
    "decision_interval_s",
    "policy_for",
]
