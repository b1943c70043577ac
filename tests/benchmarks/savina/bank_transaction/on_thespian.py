"""The bank transactions on Thespian, on its base that runs all actors in the calling thread.

Thespian has no stash: an account keeps payments in a deque.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.savina.bank_transaction import OPENING, check, payments
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Work:
    accounts: list[Any]
    transactions: int


@dataclass(frozen=True, slots=True)
class Debit:
    amount: int
    destination: Any
    teller: Any


@dataclass(frozen=True, slots=True)
class Credit:
    amount: int


@dataclass(frozen=True, slots=True)
class Reply:
    pass


REPLY: Final = Reply()


@dataclass(frozen=True, slots=True)
class Balance:
    pass


BALANCE: Final = Balance()


class Account(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.balance = OPENING
        self.is_paying = False
        self.stashed: deque[Debit] = deque()

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
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
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Work(accounts, transactions):
                self.left, self.starter = transactions, sender
                me = self.myAddress
                for source, destination, amount in payments(len(accounts), transactions):
                    self.send(accounts[source], Debit(amount, accounts[destination], me))
            case Reply():
                self.left -= 1
                if not self.left:
                    self.send(self.starter, "done")


def run(accounts: int, transactions: int) -> float:
    """Return the seconds from the start of the actors to the last reply to the teller."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            payers = [system.createActor(Account) for _ in range(accounts)]
            teller = system.createActor(Teller)
            system.ask(teller, Work(payers, transactions))
        balances = [system.ask(account, BALANCE) for account in payers]
    finally:
        system.shutdown()
    check(balances, transactions)
    return watch.seconds
