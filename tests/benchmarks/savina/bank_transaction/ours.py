"""The bank transactions on rnd-actors."""

from typing import Final

from attrs import frozen

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Request, Restart, gather
from tests.benchmarks.savina.bank_transaction import OPENING, check, payments
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Work:
    accounts: "list[ActorRef[Debit | Credit | Reply | Balance]]"
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
                for source, destination, amount in payments(len(accounts), transactions):
                    accounts[source].tell(Debit(amount, accounts[destination], me))
            case Reply():
                self.left -= 1
                if not self.left:
                    self.stop()


def run(accounts: int, transactions: int) -> float:
    """Return the seconds from the start of the actors to the last reply to the teller."""
    with ActorSystem() as system:
        with Stopwatch() as watch:
            payers = [
                system.start(ChildSpec(f"account {number}", Account)) for number in range(accounts)
            ]
            teller = system.start(ChildSpec("teller", Teller, restart=Restart.TEMPORARY))
            teller.tell(Work(payers, transactions))
            teller.join()
        balances = gather([account.ask_future(Balance()) for account in payers])
    check(balances, transactions)
    return watch.seconds
