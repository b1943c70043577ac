"""Ping-pong on xoscar, as in `tests.benchmarks.savina`."""

from tests.benchmarks.savina.ping_pong.on_xoscar import run

__all__ = ["run"]
