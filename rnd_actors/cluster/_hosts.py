"""Finding the scheduler and the hosts of a cluster, and whether they can run workers."""

import asyncio
import platform
import shutil
import time
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import version
from typing import Any, Final, TypeAlias

from distributed import Client

from rnd_actors._printing import one_line
from rnd_actors.cluster._messages import Order
from rnd_actors.cluster._placement import host_of
from rnd_actors.errors import ClusterError

Ask: TypeAlias = Callable[[Callable[[], object]], Awaitable[Any]]
"""Calls a function of the standard library elsewhere, where all else may be missing.

Returns its result, or its error.
"""

_POLL_S: Final = 0.1
_SCHEDULER_S: Final = 30.0
"""For the scheduler to answer, after which there is no hope; Dask itself would wait for ever."""
_LATE_S: Final = 0.5
"""For Dask's own time-out, which comes with a cause."""
_VERSIONS: Final[tuple[tuple[str, Callable[[], str], int | None], ...]] = (
    ("Python", platform.python_version, 2),
    ("distributed", partial(version, "distributed"), None),
    ("rnd-actors", partial(version, "rnd-actors"), None),
)
"""What has to be the same everywhere, and in how many parts of its number; None: in all."""


async def connect(order: Order, name: str) -> Any:
    """Return a client of the scheduler with this name in its id; TLS is as Dask is configured.

    Raises:
        ClusterError: none answers within the time given, or its versions are not those here.
    """
    where: dict[str, str] = {"address": order.address}
    if order.scheduler_file is not None:
        where = {"scheduler_file": order.scheduler_file}
    began = time.monotonic()
    try:
        async with asyncio.timeout(order.timeout_s + _LATE_S):
            client = await Client(**where, name=name, asynchronous=True, timeout=order.timeout_s)
            difference = await _difference(partial(_ask_scheduler, client))
    except MemoryError as error:  # its first bytes were taken for the length of a frame
        raise ClusterError("what answers there is no scheduler of Dask") from error
    except Exception as error:  # it may be a server of any kind that answers
        waited = time.monotonic() - began >= order.timeout_s
        within = f" within {order.timeout_s:g} s" if waited else ""
        raise ClusterError(f"no scheduler of Dask answers there{within}{_cause(error)}") from error
    if difference is not None:
        raise ClusterError(f"scheduler: {difference}")
    return client


async def answered(work: Awaitable[Any]) -> None:
    """Wait for what the scheduler has to answer.

    Raises:
        ClusterError: it does not.
    """
    try:
        await asyncio.wait_for(work, _SCHEDULER_S)
    except TimeoutError:
        text = f"the scheduler has not answered for {_SCHEDULER_S:g} s"
        raise ClusterError(text) from None


async def await_hosts(client: Any, number: int, timeout_s: float) -> list[str]:
    """Return the workers of Dask, once they are on so many hosts, or time is up."""
    give_up_at = time.monotonic() + timeout_s
    while True:
        info = await client.scheduler.identity(n_workers=-1)
        addresses = list(info["workers"])
        enough = len(set(map(host_of, addresses))) >= number
        if enough or time.monotonic() > give_up_at:
            return addresses
        await asyncio.sleep(_POLL_S)


async def objection_to(client: Any, order: Order, address: str) -> str | None:
    """Return why a host cannot run workers; None: it can."""
    ask = partial(_ask_host, client, address)
    try:
        async with asyncio.timeout(order.timeout_s):
            if (difference := await _difference(ask)) is not None:
                return difference
            program = order.program
            if program is not None and await ask(partial(shutil.which, program)) is None:
                return f"it has no program {program}"
    except Exception as error:  # noqa: BLE001  # other hosts may do
        return f"it does not answer{_cause(error)}"
    return None


def first_cause(error: BaseException) -> str:
    """Return in one line what has gone wrong first; it may be empty."""
    while error.__cause__ is not None:
        error = error.__cause__
    return one_line(error)


def _cause(error: BaseException) -> str:
    cause = first_cause(error)
    return f": {cause}" if cause else ""


async def _difference(ask: Ask) -> str | None:
    """Return what is missing elsewhere, or is not the version that is here; None: nothing."""
    for name, function, parts in _VERSIONS:
        here, there = function(), await ask(function)
        if isinstance(there, Exception):
            return f"it has no {name}: install it there"
        if here.split(".")[:parts] != there.split(".")[:parts]:
            return f"it has {name} {there}, and here is {here}: install the same one"
    return None


async def _ask_host(client: Any, address: str, function: Callable[[], object]) -> Any:
    answers = await client.run(function, workers=[address], on_error="return")
    return answers[address]


async def _ask_scheduler(client: Any, function: Callable[[], object]) -> Any:
    try:
        return await client.run_on_scheduler(function)
    except ImportError as error:
        return error
