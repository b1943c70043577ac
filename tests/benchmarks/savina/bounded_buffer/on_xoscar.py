"""The bounded buffer on xoscar, in a local pool of one process."""

import asyncio
from collections import deque
from typing import Any

import xoscar

from tests.benchmarks.savina.bounded_buffer import SEED, Consumed, calculate
from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Producer(xoscar.Actor):
    async def start(self, items: int, cost: int, manager: Any) -> None:
        self.left, self.cost, self.manager = items, cost, manager
        self.data, self.me = SEED, self.ref()

    async def produce(self) -> None:
        if self.left:
            self.left -= 1
            self.data = calculate(self.data, self.cost)
            await self.manager.data_item.tell(self.data, self.me)
        else:
            await self.manager.producer_exit.tell()
            await xoscar.destroy_actor(self.me)


class Consumer(xoscar.Actor):
    async def start(self, cost: int, manager: Any) -> None:
        self.cost, self.manager = cost, manager
        self.items, self.total = 0, 0.0
        self.me = self.ref()
        await manager.consumer_available.tell(self.me)

    async def consume(self, data: float) -> None:
        self.items += 1
        self.total += calculate(data, self.cost)
        await self.manager.consumer_available.tell(self.me)

    async def exit(self) -> None:
        await self.manager.exited.tell(self.items, self.total)
        await xoscar.destroy_actor(self.me)


class Manager(xoscar.Actor):
    def __init__(self, finished: asyncio.Future[Consumed]) -> None:
        super().__init__()
        self.finished, self.consumed = finished, Consumed()

    async def manage(
        self, producers: list[Any], consumers: list[Any], buffer: int, items: int, cost: int
    ) -> None:
        self.consumers, self.room = consumers, buffer
        self.producing, self.alive = len(producers), len(consumers)
        self.buffer: deque[float] = deque()
        self.idle = deque(producers)
        self.waiting: deque[Any] = deque()
        me = self.ref()
        for producer in producers:
            await producer.start.tell(items, cost, me)
        for consumer in consumers:
            await consumer.start.tell(cost, me)
        await self.ask_producers()

    async def data_item(self, data: float, producer: Any) -> None:
        self.idle.append(producer)
        if self.waiting:
            await self.hand(data, self.waiting.popleft())
        else:
            self.buffer.append(data)
            await self.ask_producers()

    async def producer_exit(self) -> None:
        self.room += 1
        self.producing -= 1
        await self.ask_producers()
        await self.end_if_done()

    async def consumer_available(self, consumer: Any) -> None:
        if self.buffer:
            await self.hand(self.buffer.popleft(), consumer)
        else:
            self.waiting.append(consumer)
            await self.end_if_done()

    async def exited(self, items: int, total: float) -> None:
        self.consumed.add(items, total)
        self.alive -= 1
        if not self.alive:
            self.finished.set_result(self.consumed)

    async def hand(self, data: float, consumer: Any) -> None:
        await consumer.consume.tell(data)
        self.room += 1
        await self.ask_producers()

    async def ask_producers(self) -> None:
        while self.room and self.idle:
            self.room -= 1
            await self.idle.popleft().produce.tell()

    async def end_if_done(self) -> None:
        if not self.producing and len(self.waiting) == len(self.consumers):
            for consumer in self.consumers:
                await consumer.exit.tell()


def run(buffer: int, producers: int, consumers: int, items: int, cost: int) -> float:
    """Return the seconds from the start of the actors to the end of the last one."""
    consumed, seconds = run_in_loop(play(buffer, producers, consumers, items, cost))
    consumed.check(producers, items, cost)
    return seconds


async def play(
    buffer: int, producers: int, consumers: int, items: int, cost: int
) -> tuple[Consumed, float]:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        finished: asyncio.Future[Consumed] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            makers = [await create(Producer, address=address) for _ in range(producers)]
            takers = [await create(Consumer, address=address) for _ in range(consumers)]
            manager = await create(Manager, finished, address=address)
            await manager.manage.tell(makers, takers, buffer, items, cost)
            consumed = await finished
    return consumed, watch.seconds
