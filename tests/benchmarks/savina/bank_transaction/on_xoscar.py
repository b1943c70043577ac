"""The bank transactions on xoscar, in a local pool of one process.

xoscar has no stash: an account keeps payments in a deque.
"""

import asyncio
from collections import deque
from typing import Any

import xoscar

from tests.benchmarks.savina.bank_transaction import OPENING, check, payments
from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Account(xoscar.Actor):
    def __init__(self) -> None:
        super().__init__()
        self.balance = OPENING
        self.is_paying = False
        self.stashed: deque[tuple[int, Any, Any]] = deque()

    async def __post_create__(self) -> None:
        self.me = self.ref()

    async def debit(self, amount: int, destination: Any, teller: Any) -> None:
        if self.is_paying:
            self.stashed.append((amount, destination, teller))
        else:
            await self.pay(amount, destination, teller)

    async def credit(self, amount: int, source: Any) -> None:
        self.balance += amount
        await source.reply.tell()

    async def reply(self) -> None:
        await self.teller.reply.tell()
        self.is_paying = False
        if self.stashed:
            await self.pay(*self.stashed.popleft())

    async def read(self) -> int:
        return self.balance

    async def pay(self, amount: int, destination: Any, teller: Any) -> None:
        self.balance -= amount
        self.is_paying, self.teller = True, teller
        await destination.credit.tell(amount, self.me)


class Teller(xoscar.Actor):
    async def work(self, accounts: list[Any], transactions: int, done: asyncio.Event) -> None:
        self.left, self.done = transactions, done
        me = self.ref()
        for source, destination, amount in payments(len(accounts), transactions):
            await accounts[source].debit.tell(amount, accounts[destination], me)

    async def reply(self) -> None:
        self.left -= 1
        if not self.left:
            self.done.set()


def run(accounts: int, transactions: int) -> float:
    """Return the seconds from the start of the actors to the last reply to the teller."""
    balances, seconds = run_in_loop(play(accounts, transactions))
    check(balances, transactions)
    return seconds


async def play(accounts: int, transactions: int) -> tuple[list[int], float]:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address, done = pool.external_address, asyncio.Event()
        with Stopwatch() as watch:
            payers = [await create(Account, address=address) for _ in range(accounts)]
            teller = await create(Teller, address=address)
            await teller.work.tell(payers, transactions, done)
            await done.wait()
        balances = [await account.read() for account in payers]
    return balances, watch.seconds
