"""The bank transactions on Pykka, which has no stash: an account keeps payments in a deque."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import pykka

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
    source: Any


@dataclass(frozen=True, slots=True)
class Reply:
    pass


REPLY: Final = Reply()


@dataclass(frozen=True, slots=True)
class Balance:
    pass


BALANCE: Final = Balance()


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
                for source, destination, amount in payments(len(accounts), transactions):
                    accounts[source].tell(Debit(amount, accounts[destination], me))
            case Reply():
                self.left -= 1
                if not self.left:
                    self.done.set()


def run(accounts: int, transactions: int) -> float:
    """Return the seconds from the start of the actors to the last reply to the teller."""
    done = threading.Event()
    with Stopwatch() as watch:
        payers = [Account.start() for _ in range(accounts)]
        teller = Teller.start(done)
        teller.tell(Work(payers, transactions))
        done.wait()
    balances = pykka.get_all([account.ask(BALANCE, block=False) for account in payers])
    pykka.ActorRegistry.stop_all()
    check(list(balances), transactions)
    return watch.seconds
