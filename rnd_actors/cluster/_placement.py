"""Which host has which shard: placing them, and placing those again that are lost."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from attrs import define, field

from rnd_actors.cluster._messages import ShardLost, ShardUp

LOOPBACK: Final = "127.0.0.1"
SILENCE_S: Final = 3.0
"""Without a beat after which a shard counts as lost, and after which it ends itself."""
BEAT_S: Final = 0.5
_START_S: Final = 20.0
"""For a shard to say hello: a host may be busy, or import from a slow disk."""
_ATTEMPTS: Final = 3
"""Placements in a row of a shard without a hello, after which there is no hope."""
_NO_HOST_S: Final = 30.0
"""Without any host, after which there is no hope."""


@cache
def host_of(address: str) -> str:
    """Return the host of a worker of Dask: of `tcp://10.0.0.7:41234` that is 10.0.0.7.

    On 127.0.0.1 each worker of Dask counts as a host, since there one tries out what hosts do.
    """
    parts = urlsplit(address)
    return parts.netloc if parts.hostname == LOOPBACK else parts.hostname or address


@define
class _Shard:
    number: int
    epoch: int = 0
    address: str | None = None
    """Of the worker of Dask that has it; None: it waits for one."""
    since: float = 0.0
    """When it was placed, or last heard."""
    is_up: bool = False
    attempts: int = 0
    """Placements since the last hello."""
    last_loss: str = ""
    failed_on: set[str] = field(factory=set)
    """Addresses where it was placed since then, in vain."""


@define
class Placement:
    """Where the shards of a run are.

    A shard that was not placed yet waits for a host that has none. One that is lost goes to the
    host with the fewest, at once, as a new epoch; if it did not start there, to another one. A host
    that is silent is not used until it has joined again, which it does when it answers.

    Args:
        shards: how many there are.
        now: in seconds of the monotonic clock.
    """

    _shards: dict[int, _Shard]
    _addresses: dict[str, None] = field(init=False, factory=dict)
    _silent: set[str] = field(init=False, factory=set)
    _without_host_since: float | None

    @classmethod
    def of(cls, shards: int, now: float) -> "Placement":
        """Return one for so many shards, none of which is placed."""
        placement = cls({}, now)
        placement.add([0] * shards)
        return placement

    def add(self, epochs: Sequence[int]) -> None:
        """Have a shard for each of these epochs, its last one; 0: it was not placed yet."""
        for epoch in epochs:
            number = len(self._shards) + 1
            self._shards[number] = _Shard(number, epoch)

    def joined(self, address: str) -> None:
        """Have another worker of Dask, or one that was silent and answers."""
        self._addresses[address] = None
        self._silent.discard(address)

    def left(self, address: str) -> list[ShardLost]:
        """Have one less; return which shards are lost with it."""
        self._addresses.pop(address, None)
        self._silent.discard(address)
        return [self._lose(each, "the host is gone") for each in self._on(address)]

    def place(self, now: float) -> list[tuple[int, int, str]]:
        """Give shards that have none a host; return their numbers, new epochs and addresses."""
        placed, usable = [], self._usable()
        load = Counter(host_of(each.address) for each in self._shards.values() if each.address)
        for shard in self._shards.values():
            address = None if shard.address else _free_address(shard, usable, load)
            if address is not None:
                load[host_of(address)] += 1
                shard.address, shard.since, shard.is_up = address, now, False
                shard.epoch += 1
                shard.attempts += 1
                shard.failed_on.add(address)
                placed.append((shard.number, shard.epoch, address))
        return placed

    def heard(self, shard: int, epoch: int, now: float) -> ShardUp | None:
        """Note a sign of life; return the news if it is the first one of this epoch."""
        known = self._shards[shard]
        if not self.is_present(shard, epoch):
            return None
        known.since = now
        if known.is_up:
            return None
        known.is_up, known.attempts = True, 0
        known.failed_on.clear()
        return ShardUp(shard, epoch, host_of(known.address or ""))

    def ended(self, shard: int, epoch: int, why: str) -> ShardLost | None:
        """Note that a shard has ended; return the loss unless it was known."""
        return self._lose(self._shards[shard], why) if self.is_present(shard, epoch) else None

    def silent(self, now: float) -> list[ShardLost]:
        """Return the shards that have been silent for too long; they are lost."""
        lost = []
        for shard in self._shards.values():
            patience, why = SILENCE_S, f"it was silent for {SILENCE_S:g} s"
            if not shard.is_up:
                patience = _START_S
                why = (
                    f"it did not start within {_START_S:g} s; its host may be busy with other tasks"
                )
            if shard.address is not None and now - shard.since > patience:
                if shard.address in self._addresses:
                    self._silent.add(shard.address)
                lost.append(self._lose(shard, why))
        return lost

    @property
    def hosts(self) -> set[str]:
        """Those that can be used."""
        return {*map(host_of, self._usable())}

    @property
    def silent_addresses(self) -> list[str]:
        """Those that are not used until they answer."""
        return [*self._silent]

    def paused(self, seconds: float, now: float) -> None:
        """Do not count a time until now in which nobody listened."""
        for shard in self._shards.values():
            shard.since = min(shard.since + seconds, now)

    def is_present(self, shard: int, epoch: int) -> bool:
        """Return whether this is the epoch of a shard that is placed."""
        known = self._shards[shard]
        return known.epoch == epoch and known.address is not None

    @property
    def is_settled(self) -> bool:
        """Whether some shards are up, and all that have a host."""
        placed = [each.is_up for each in self._shards.values() if each.address is not None]
        return bool(placed) and all(placed)

    def hopeless(self, now: float) -> str | None:
        """Return why there is no hope for the run; None: there is."""
        for shard in self._shards.values():
            if shard.address is None and shard.attempts >= _ATTEMPTS:
                times = f"{_ATTEMPTS} times in a row"
                return f"shard {shard.number} did not start, {times}: {shard.last_loss}"
        if self._usable():
            self._without_host_since = None
        elif self._without_host_since is None:
            self._without_host_since = now
        elif now - self._without_host_since > _NO_HOST_S:
            return f"no host has been there for {_NO_HOST_S:g} s"
        return None

    def _on(self, address: str) -> list[_Shard]:
        return [each for each in self._shards.values() if each.address == address]

    def _lose(self, shard: _Shard, why: str) -> ShardLost:
        host = host_of(shard.address or "")
        shard.address, shard.is_up, shard.last_loss = None, False, why
        return ShardLost(shard.number, shard.epoch, host, why)

    def _usable(self) -> list[str]:
        return [each for each in self._addresses if each not in self._silent]


def _free_address(shard: _Shard, usable: Iterable[str], load: Counter[str]) -> str | None:
    """Return the address for a shard; only one that was placed before goes to any host."""

    def cost(address: str) -> tuple[bool, int]:
        return address in shard.failed_on, load[host_of(address)]

    best = min(usable, key=cost, default=None)
    return best if best is not None and (shard.epoch or not load[host_of(best)]) else None
