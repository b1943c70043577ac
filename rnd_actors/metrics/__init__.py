"""Metrics for Prometheus: of actors, of a run and its workers, and of this process.

It needs the extra `rnd-actors[web]`.
"""

from rnd_actors.metrics._metrics import Metrics, check_metrics_file

__all__ = ["Metrics", "check_metrics_file"]
