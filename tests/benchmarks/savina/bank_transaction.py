"""A teller has accounts pay each other, one payment at a time each: the cost of a stash.

An account that pays keeps all other payments that are asked of it until the other account has
replied; it takes credits all the time. A payment goes only to an account with a higher number.
"""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef

OPENING = 1_000
"""The balance of each account at the beginning."""


@frozen
class Work:
    accounts: "Sequence[ActorRef[Debit | Credit]]"
    transactions: int


@frozen
class Debit:
    amount: int
    destination: "ActorRef[Credit]"
    teller: "ActorRef[Reply]"


@frozen
class Credit:
    amount: int
    source: "ActorRef[Reply]"


@frozen
class Reply:
    pass


REPLY: Final = Reply()


@frozen
class Balance:
    pass


BALANCE: Final = Balance()


def ours(accounts: int, transactions: int) -> float:
    from rnd_actors import Actor, ActorSystem, ChildSpec, Request, Restart, gather

    @frozen
    class Balance(Request[int]):
        pass

    class Account(Actor[Debit | Credit | Reply | Balance]):
        stash_capacity = 1_000_000

        def __init__(self) -> None:
            self.balance = OPENING
            self.is_paying = False

        def receive(self, message: Debit | Credit | Reply | Balance) -> None:
            match message:
                case Debit() if self.is_paying:
                    self.stash()
                case Debit(amount, destination, teller):
                    self.balance -= amount
                    self.is_paying, self.teller = True, teller
                    destination.tell(Credit(amount, self.ref))
                case Credit(amount, source):
                    self.balance += amount
                    source.tell(REPLY)
                case Reply():
                    self.teller.tell(REPLY)
                    self.is_paying = False
                    self.unstash()
                case Balance():
                    self.reply(message, self.balance)

    class Teller(Actor[Work | Reply]):
        def receive(self, message: Work | Reply) -> None:
            match message:
                case Work(accounts, transactions):
                    self.left = transactions
                    me = self.ref
                    for source, destination, amount in _payments(len(accounts), transactions):
                        accounts[source].tell(Debit(amount, accounts[destination], me))
                case Reply():
                    self.left -= 1
                    if not self.left:
                        self.stop()

    with ActorSystem() as system:
        with Stopwatch() as watch:
            payers = [
                system.start(ChildSpec(f"account {number}", Account)) for number in range(accounts)
            ]
            teller = system.start(ChildSpec("teller", Teller, restart=Restart.TEMPORARY))
            teller.tell(Work(payers, transactions))
            teller.join()
        balances = gather([account.ask_future(Balance()) for account in payers])
    _check(balances, transactions)
    return watch.seconds


def on_pykka(accounts: int, transactions: int) -> float:
    import pykka

    class Account(pykka.ThreadingActor):
        def __init__(self) -> None:
            super().__init__()
            self.balance = OPENING
            self.is_paying = False
            self.stashed: deque[Debit] = deque()

        def on_receive(self, message: Debit | Credit | Reply | Balance) -> int | None:
            match message:
                case Debit() if self.is_paying:
                    self.stashed.append(message)
                case Debit():
                    self.pay(message)
                case Credit(amount, source):
                    self.balance += amount
                    source.tell(REPLY)
                case Reply():
                    self.teller.tell(REPLY)
                    self.is_paying = False
                    if self.stashed:
                        self.pay(self.stashed.popleft())
                case Balance():
                    return self.balance
            return None

        def pay(self, debit: Debit) -> None:
            self.balance -= debit.amount
            self.is_paying, self.teller = True, debit.teller
            debit.destination.tell(Credit(debit.amount, self.actor_ref))

    class Teller(pykka.ThreadingActor):
        def __init__(self, done: threading.Event) -> None:
            super().__init__()
            self.done = done

        def on_receive(self, message: Work | Reply) -> None:
            match message:
                case Work(accounts, transactions):
                    self.left = transactions
                    me = self.actor_ref
                    for source, destination, amount in _payments(len(accounts), transactions):
                        accounts[source].tell(Debit(amount, accounts[destination], me))
                case Reply():
                    self.left -= 1
                    if not self.left:
                        self.done.set()

    done = threading.Event()
    with Stopwatch() as watch:
        payers = [Account.start() for _ in range(accounts)]
        teller = Teller.start(done)
        teller.tell(Work(payers, transactions))
        done.wait()
    balances = pykka.get_all([account.ask(BALANCE, block=False) for account in payers])
    pykka.ActorRegistry.stop_all()
    _check(list(balances), transactions)
    return watch.seconds


def on_thespian(accounts: int, transactions: int) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    @frozen
    class Credit:
        amount: int

    class Account(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.balance = OPENING
            self.is_paying = False
            self.stashed: deque[Debit] = deque()

        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Debit() if self.is_paying:
                    self.stashed.append(message)
                case Debit():
                    self.pay(message)
                case Credit(amount):
                    self.balance += amount
                    self.send(sender, REPLY)
                case Reply():
                    self.send(self.teller, REPLY)
                    self.is_paying = False
                    if self.stashed:
                        self.pay(self.stashed.popleft())
                case Balance():
                    self.send(sender, self.balance)

        def pay(self, debit: Debit) -> None:
            self.balance -= debit.amount
            self.is_paying, self.teller = True, debit.teller
            self.send(debit.destination, Credit(debit.amount))

    class Teller(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Work(accounts, transactions):
                    self.left, self.starter = transactions, sender
                    me = self.myAddress
                    for source, destination, amount in _payments(len(accounts), transactions):
                        self.send(accounts[source], Debit(amount, accounts[destination], me))
                case Reply():
                    self.left -= 1
                    if not self.left:
                        self.send(self.starter, "done")

    with thespian_system() as system:
        with Stopwatch() as watch:
            payers = [system.createActor(Account) for _ in range(accounts)]
            teller = system.createActor(Teller)
            system.ask(teller, Work(payers, transactions))
        balances = [system.ask(account, BALANCE) for account in payers]
    _check(balances, transactions)
    return watch.seconds


def on_xoscar(accounts: int, transactions: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

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
            for source, destination, amount in _payments(len(accounts), transactions):
                await accounts[source].debit.tell(amount, accounts[destination], me)

        async def reply(self) -> None:
            self.left -= 1
            if not self.left:
                self.done.set()

    async def play(address: str) -> float:
        done = asyncio.Event()
        with Stopwatch() as watch:
            payers = [await create(Account, address=address) for _ in range(accounts)]
            teller = await create(Teller, address=address)
            await teller.work.tell(payers, transactions, done)
            await done.wait()
        balances = [await account.read() for account in payers]
        _check(balances, transactions)
        return watch.seconds

    return run_in_pool(play)


def _payments(accounts: int, transactions: int) -> Iterator[tuple[int, int, int]]:
    """Yield who pays, to whom and how much; the same each time."""
    random = Random(1)
    for _ in range(transactions):
        source = random.randrange(accounts - 1)
        yield source, random.randrange(source + 1, accounts), random.randrange(1, OPENING)


def _check(balances: list[int], transactions: int) -> None:
    """Raise an AssertionError if these are not the balances after all payments."""
    accounts = len(balances)
    total, expected = sum(balances), accounts * OPENING
    assert total == expected, f"all balances together are {total}, not {expected}"
    due = [OPENING] * accounts
    for source, destination, amount in _payments(accounts, transactions):
        due[source] -= amount
        due[destination] += amount
    wrong = [number for number in range(accounts) if balances[number] != due[number]]
    assert not wrong, f"the balances of accounts {wrong} are wrong"
