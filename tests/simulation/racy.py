"""Actors with a race in them, on purpose, and the same ones without it.

On gevent's own loops all of them work, always: the search has to find the schedule that fails.
"""

from collections.abc import Callable
from typing import Any

import gevent
from attrs import frozen

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Deferred, Request
from rnd_actors.supervision import ChildSpec


@frozen
class Read(Request[int]):
    """What is the balance?"""


@frozen
class Write:
    """The balance is now this."""

    balance: int


@frozen
class Add(Request[int]):
    """The balance is so much more; the answer is the new one."""

    amount: int


class Account(Actor[Read | Write | Add]):
    """Has a balance."""

    def __init__(self) -> None:
        self._balance = 0

    def receive(self, message: Read | Write | Add) -> None:
        match message:
            case Read():
                self.reply(message, self._balance)
            case Write(balance):
                self._balance = balance
            case Add(amount):
                self._balance += amount
                self.reply(message, self._balance)


@frozen
class Deposit(Request[None]):
    """Pay so much in."""

    amount: int


class RacyTeller(Actor[Deposit]):
    """Reads the balance and writes it back: what another writes meanwhile is lost."""

    def __init__(self, account: ActorRef[Any]) -> None:
        self._account = account

    def receive(self, message: Deposit) -> None:
        balance = self._account.ask(Read())
        self._account.tell(Write(balance + message.amount))
        self.reply(message, None)


class RightTeller(RacyTeller):
    """Leaves it to the account to add."""

    def receive(self, message: Deposit) -> None:
        self._account.ask(Add(message.amount))
        self.reply(message, None)


def bank(teller: type[RacyTeller]) -> Callable[[ActorSystem], int]:
    """Return a simulation in which two tellers get a deposit each, the second a moment later."""

    def main(system: ActorSystem) -> int:
        account = system.start(ChildSpec("account", Account))
        ann, bob = (
            system.start(ChildSpec(name, lambda: teller(account))) for name in ("ann", "bob")
        )
        first = ann.ask_future(Deposit(100))
        a_moment()
        bob.ask(Deposit(100))
        first.get()
        balance = account.ask(Read())
        assert balance == 200, f"a deposit was lost: {balance}"
        return balance

    return main


@frozen
class Look(Request[int]):
    """What is the balance, as far as you know?"""


@frozen
class Changed:
    """The balance is another one now."""


class RacyCache(Actor[Look | Changed]):
    """Fills itself in the background, if need be with what has changed meanwhile."""

    def __init__(self, account: ActorRef[Any]) -> None:
        self._account = account
        self._known: int | None = None

    def receive(self, message: Look | Changed) -> None:
        match message:
            case Look() if self._known is not None:
                self.reply(message, self._known)
            case Look():
                self.background(self._fill, self.defer(message))
            case Changed():
                self._known = None

    def _fill(self, look: Deferred[int]) -> None:
        self._known = balance = self._account.ask(Read())
        look.reply(balance)


class RightCache(RacyCache):
    """Keeps only what has not changed since it was asked for."""

    def __init__(self, account: ActorRef[Any]) -> None:
        super().__init__(account)
        self._changes = 0

    def receive(self, message: Look | Changed) -> None:
        self._changes += isinstance(message, Changed)
        super().receive(message)

    def _fill(self, look: Deferred[int]) -> None:
        before = self._changes
        balance = self._account.ask(Read())
        if before == self._changes:
            self._known = balance
        look.reply(balance)


def library(cache: type[RacyCache]) -> Callable[[ActorSystem], int]:
    """Return a simulation in which a balance changes a moment after it is looked at."""

    def main(system: ActorSystem) -> int:
        account = system.start(ChildSpec("account", Account))
        ref = system.start(ChildSpec("cache", lambda: cache(account)))
        first = ref.ask_future(Look())
        a_moment()
        account.ask(Add(7))
        ref.tell(Changed())
        first.get()
        balance = ref.ask(Look())
        assert balance == 7, f"the cache is stale: {balance}"
        return balance

    return main


def a_moment() -> None:
    """Let others run, as long as gevent's own loops need to do all that has been begun."""
    for _ in range(3):
        gevent.sleep(0)
