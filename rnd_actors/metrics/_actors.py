"""The counts of all actors by the patterns of their names, those that have ended included."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final, TypeAlias

from attrs import define, field
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from rnd_actors.actors import ActorRef, ActorStats, ActorSystem
from rnd_actors.events import ActorFailed, ActorStarted, ActorStopped, DeadLetter
from rnd_actors.metrics._labels import LabelValues, pattern_of

_MOST_PATTERNS: Final = 200
_LEAST_LOOKED_THROUGH: Final = 1000
_BOUNDS_S: Final = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""The buckets of asks: an idle actor answers in 10 µs, and `ask` waits 5 s by default."""
_LE: Final = (*map(str, _BOUNDS_S), "+Inf")

_LifeEvent: TypeAlias = ActorStarted | ActorStopped | ActorFailed


@define
class _Totals:
    """What the actors of one pattern have done; only `alive` and `mailbox` go down."""

    handled: int = 0
    failed: int = 0
    refused: int = 0
    dead_letters: int = 0
    """Messages that were dead or refused, by their events: actors that have ended get some, too."""
    busy_s: float = 0.0
    restarts: int = 0
    alive: int = 0
    mailbox: int = 0


@define
class _Known:
    """One actor: its totals, and what is counted there already."""

    totals: _Totals
    incarnation: int = 1
    handled: int = 0
    failed: int = 0
    refused: int = 0
    busy_s: float = 0.0

    def count(self, stats: ActorStats) -> None:
        """Add what the actor has done since the last time."""
        totals = self.totals
        totals.handled += stats.handled - self.handled
        totals.failed += stats.failed - self.failed
        totals.refused += stats.refused - self.refused
        self.handled, self.failed, self.refused = stats.handled, stats.failed, stats.refused
        if stats.busy_s > self.busy_s:  # a difference of sums, which may be a rounding error less
            totals.busy_s += stats.busy_s - self.busy_s
            self.busy_s = stats.busy_s

    def count_restart(self, incarnation: int) -> None:
        if incarnation > self.incarnation:
            self.totals.restarts += incarnation - self.incarnation
            self.incarnation = incarnation


@define
class _Asks:
    """How long the asks of actors of one pattern took."""

    buckets: list[int] = field(factory=lambda: [0] * len(_LE))
    seconds: float = 0.0


class ActorFigures:
    """Subscriber of the event stream that knows every actor until its last message is counted.

    Events say who is there; what an actor has done is read from its counts, when figures are wanted
    and once more when it has stopped for good. So nothing is counted twice or gets lost, and an
    actor that handles messages is never held up.
    """

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._label = LabelValues(_MOST_PATTERNS)
        self._totals: dict[str, _Totals] = {}
        self._asks: dict[str, _Asks] = {}
        self._known: dict[ActorRef[Any], _Known] = {}
        self._most_known = _LEAST_LOOKED_THROUGH
        self._undo = [
            system.events.subscribe(self._note_life, to=ActorStarted),
            system.events.subscribe(self._note_life, to=ActorStopped),
            system.events.subscribe(self._note_life, to=ActorFailed),
            system.events.subscribe(self._note_letter, to=DeadLetter),
        ]
        system.ask_observers += (self._note_ask,)
        for info in system.tree():
            ref = system.find(info.name) or system.root
            self._know(ref).count_restart(info.incarnation)
            self._totals_of(info.name).dead_letters += info.stats.dead + info.stats.refused

    def close(self) -> None:
        """Count no more."""
        for undo in self._undo:
            undo()
        others = (each for each in self._system.ask_observers if each != self._note_ask)
        self._system.ask_observers = tuple(others)

    def families(self) -> Iterator[Metric]:
        """Give the metrics of all actors."""
        self._look_through()
        messages = CounterMetricFamily(
            "rnd_actors_messages",
            "Messages that actors were told, by what became of them.",
            labels=("actor", "outcome"),
        )
        mailbox = _gauge("rnd_actors_mailbox_messages", "Messages that wait in mailboxes.")
        alive = _gauge("rnd_actors_actors", "Actors that have not stopped for good.")
        busy = _counter(
            "rnd_actors_actor_busy_seconds",
            "Seconds in which actors did not wait for a message, added up over all of a name.",
        )
        restarts = _counter("rnd_actors_restarts", "Restarts of actors by their supervisors.")
        for label, totals in self._totals.items():
            messages.add_metric((label, "handled"), totals.handled)
            messages.add_metric((label, "failed"), totals.failed)
            messages.add_metric((label, "refused"), totals.refused)
            messages.add_metric((label, "dead"), totals.dead_letters - totals.refused)
            mailbox.add_metric((label,), totals.mailbox)
            alive.add_metric((label,), totals.alive)
            busy.add_metric((label,), totals.busy_s)
            restarts.add_metric((label,), totals.restarts)
        yield from (messages, mailbox, alive, busy, restarts)
        yield CounterMetricFamily(
            "rnd_actors_dead_letters",
            "Messages that were not delivered or not handled.",
            self._system.dead_letters,
        )
        yield self._asks_family()

    def _asks_family(self) -> Metric:
        family = HistogramMetricFamily(
            "rnd_actors_ask_seconds",
            "Seconds that askers waited for answers, also for errors, by the actor asked.",
            labels=("actor",),
        )
        for label, asks in self._asks.items():
            buckets = list(zip(_LE, accumulate(asks.buckets), strict=True))
            family.add_metric((label,), buckets, asks.seconds)
        return family

    def _note_life(self, event: _LifeEvent) -> None:
        ref = self._system.find(event.actor)
        if ref is not None:
            self._know(ref).count_restart(event.incarnation)

    def _note_letter(self, letter: DeadLetter) -> None:
        self._totals_of(letter.actor).dead_letters += 1

    def _note_ask(self, actor: str, seconds: float) -> None:
        label = self._label(pattern_of(actor))
        asks = self._asks.get(label)
        if asks is None:
            asks = self._asks[label] = _Asks()
        asks.buckets[bisect_left(_BOUNDS_S, seconds)] += 1
        asks.seconds += seconds

    def _totals_of(self, name: str) -> _Totals:
        label = self._label(pattern_of(name))
        totals = self._totals.get(label)
        if totals is None:
            totals = self._totals[label] = _Totals()
        return totals

    def _know(self, ref: ActorRef[Any]) -> _Known:
        known = self._known.get(ref)
        if known is None:
            if len(self._known) >= self._most_known:
                self._look_through()
            known = self._known[ref] = _Known(self._totals_of(ref.name))
        return known

    def _look_through(self) -> None:
        """Count what all actors have done, and forget those that have stopped for good."""
        for totals in self._totals.values():
            totals.alive = totals.mailbox = 0
        for ref, known in list(self._known.items()):
            stats = ref.stats()
            known.count(stats)
            if ref.is_alive:
                known.totals.alive += 1
                known.totals.mailbox += stats.mailbox
            else:
                del self._known[ref]
        self._most_known = max(_LEAST_LOOKED_THROUGH, 2 * len(self._known))


def _counter(name: str, text: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, labels=("actor",))


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=("actor",))
