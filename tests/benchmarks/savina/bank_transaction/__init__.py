"""A teller has accounts pay each other, one payment at a time each: the cost of a stash.

An account that pays keeps all other payments that are asked of it until the other account has
replied; it takes credits all the time. A payment goes only to an account with a higher number.
"""

from collections.abc import Iterator
from random import Random

__all__ = ["OPENING", "check", "payments"]

OPENING = 1_000
"""The balance of each account at the beginning."""


def payments(accounts: int, transactions: int) -> Iterator[tuple[int, int, int]]:
    """Yield who pays, to whom and how much; the same each time."""
    random = Random(1)
    for _ in range(transactions):
        source = random.randrange(accounts - 1)
        yield source, random.randrange(source + 1, accounts), random.randrange(1, OPENING)


def check(balances: list[int], transactions: int) -> None:
    """Raise an AssertionError if these are not the balances after all payments."""
    accounts = len(balances)
    total, expected = sum(balances), accounts * OPENING
    assert total == expected, f"all balances together are {total}, not {expected}"
    due = [OPENING] * accounts
    for source, destination, amount in payments(accounts, transactions):
        due[source] -= amount
        due[destination] += amount
    wrong = [number for number in range(accounts) if balances[number] != due[number]]
    assert not wrong, f"the balances of accounts {wrong} are wrong"
