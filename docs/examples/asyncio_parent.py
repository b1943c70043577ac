"""An asyncio program that is not patched, and its actors in a child process."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

CHILD = Path(__file__).with_name("actors_child.py")


class Squarer:
    """The actor in the child process, as coroutines see it."""

    def __init__(self, requests: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        self._requests = requests
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._reading = asyncio.create_task(self._read(answers))

    async def square(self, number: int) -> int:
        if self._reading.done():
            raise ConnectionError("the actors have ended")
        request = next(self._ids)
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[request] = answer
        self._requests.write(json.dumps({"id": request, "of": number}).encode() + b"\n")
        try:
            return await answer
        finally:
            self._waiting.pop(request, None)

    async def close(self) -> None:
        """Let the child end in order, and wait for that."""
        self._requests.close()
        await self._reading

    async def _read(self, answers: asyncio.StreamReader) -> None:
        async for line in answers:
            answer = json.loads(line)
            if waiting := self._waiting.pop(answer["id"], None):
                waiting.set_result(answer["answer"])
        for waiting in self._waiting.values():
            waiting.set_exception(ConnectionError("the actors have ended"))


@asynccontextmanager
async def squarer() -> AsyncIterator[Squarer]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    assert child.stdin is not None and child.stdout is not None
    squarer = Squarer(child.stdin, child.stdout)
    try:
        yield squarer
    finally:
        await squarer.close()
        await child.wait()


async def main() -> None:
    async with squarer() as actor:
        print(await asyncio.gather(*(actor.square(number) for number in range(5))))


if __name__ == "__main__":
    asyncio.run(main())
