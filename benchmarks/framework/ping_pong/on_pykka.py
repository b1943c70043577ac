"""Ping-pong on Pykka, as in `benchmarks.savina`."""

from benchmarks.savina.ping_pong.on_pykka import run

__all__ = ["run"]
