"""The queues of a run on the scheduler of Dask, and that none stays there."""

from typing import Any

from distributed import SchedulerPlugin


def name_of(run: str) -> str:
    """Return the name that all clients of a run have in theirs, and its queues at the beginning."""
    return f"rnd-actors-{run}"


def queue_up(run: str) -> str:
    """Return the name of the queue of a run from all shards."""
    return f"{name_of(run)}-up"


def queue_down(run: str, shard: int, epoch: int) -> str:
    """Return the name of the queue to a shard; its task has this name, too."""
    return f"{name_of(run)}-{shard}-{epoch}"


class DropQueues(SchedulerPlugin):
    """Drops the queues of a run, and then itself, when the last client of the run has left.

    Dask drops a queue when all have closed it who opened it, and who is killed closes nothing.
    Each client of the run registers this, since a shard may start when the others have left.
    """

    idempotent = True

    def __init__(self, run: str) -> None:
        self.name = name_of(run)

    def remove_client(self, scheduler: Any, client: str) -> None:
        """Look whether that was the last one."""
        if any(self.name in each for each in scheduler.clients):
            return
        queues = scheduler.extensions["queues"]
        for queue in [each for each in queues.queues if each.startswith(self.name)]:
            while queue in queues.queues:
                queues.release(queue)
        scheduler.remove_plugin(self.name)
