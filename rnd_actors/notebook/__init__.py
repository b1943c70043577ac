"""Runs in a process of their own, for notebooks and asyncio programs, which gevent cannot patch."""

from rnd_actors.notebook._process import run_in_process, run_in_process_async

__all__ = ["run_in_process", "run_in_process_async"]
