"""Hosts without workers: many of Dask's in one process, whose shards are simulated.

`python -m tests.benchmarks.cluster.simulated_hosts ADDRESS FIRST COUNT` joins the scheduler at
ADDRESS as COUNT hosts, of which the first one is 127.0.1.FIRST. Their relays are real, with
connections of their own. It ends with its stdin.
"""

import asyncio
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from distributed import Worker

_SHARD = sys.executable, "-ES", str(Path(__file__).with_name("simulated_shard.py"))


async def main(address: str, first: int, count: int) -> None:
    """Be the hosts until stdin ends."""
    replaced = patch("rnd_actors.cluster._relay.SHARD", _SHARD)
    logging.getLogger("distributed").setLevel(logging.WARNING)
    with replaced, TemporaryDirectory(prefix="rnd-actors-") as folder:
        hosts = [
            Worker(
                address,
                host=f"127.0.1.{number}",
                name=f"127.0.1.{number}",
                nthreads=1,
                dashboard=False,
                local_directory=folder,
            )
            for number in range(first, first + count)
        ]
        await asyncio.gather(*hosts)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # connections break
        await asyncio.gather(*(host.close() for host in hosts))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
