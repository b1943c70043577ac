"""An asyncio program in the main thread, and actors in a thread of their own."""

from gevent import monkey

monkey.patch_all()  # before any other import

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import gevent
from attrs import frozen

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec


@frozen
class Square:
    of: int
    answer: "Future[int]"


class Squarer(Actor[Square]):
    def receive(self, message: Square) -> None:
        gevent.sleep(0.01)  # stands for work that waits
        if message.answer.set_running_or_notify_cancel():  # False: nobody waits any more
            message.answer.set_result(message.of**2)


@contextmanager
def squarer() -> Iterator[ActorRef[Square]]:
    """Start a thread with an actor; leaving it ends the actor and the thread."""
    started: Future[tuple[ActorRef[Square], Callable[[], object]]] = Future()

    def live() -> None:
        hub = gevent.get_hub()
        over = hub.loop.async_()
        with ActorSystem() as system:
            started.set_result((system.start(ChildSpec("squarer", Squarer)), over.send))
            hub.wait(over)

    thread = gevent.get_hub().threadpool.spawn(live)
    ref, end = started.result(timeout=5.0)
    try:
        yield ref
    finally:
        end()
        thread.get()


async def square(squarer: ActorRef[Square], number: int) -> int:
    answer: Future[int] = Future()
    squarer.tell(Square(number, answer))
    return await asyncio.wrap_future(answer)


async def main(squarer: ActorRef[Square]) -> None:
    print(await asyncio.gather(*(square(squarer, number) for number in range(5))))
    try:
        async with asyncio.timeout(0.001):
            await square(squarer, 5)
    except TimeoutError:
        print("too late")
    print(await square(squarer, 6))


if __name__ == "__main__":
    with squarer() as ref:
        asyncio.run(main(ref))
