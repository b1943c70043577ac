"""Ping-pong on Pykka, as in `tests.benchmarks.savina`."""

from tests.benchmarks.savina.ping_pong.on_pykka import run

__all__ = ["run"]
