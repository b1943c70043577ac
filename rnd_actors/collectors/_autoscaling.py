"""What a scaling policy is shown of a run, and what becomes of its decisions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from operator import attrgetter

from attrs import define, evolve, fields_dict

from rnd_actors._printing import shown_error
from rnd_actors.collectors._collection import Collection
from rnd_actors.collectors._collector import Collector
from rnd_actors.collectors._lifetimes import Life
from rnd_actors.errors import SettingsError
from rnd_actors.scaling import Decision, Measured, RunView, ScalingPolicy, WorkerView


@define
class Autoscaling:
    """A policy at work on a run.

    Args:
        policy: decides.
        gives_up_early: whether the run ends as soon as its deadline is lost.
    """

    policy: ScalingPolicy
    gives_up_early: bool = False

    def first(self, collection: Collection, collector: Collector) -> int:
        """Return with how many workers a session begins.

        Raises:
            SettingsError: the policy raises, or what it returns is no decision.
        """
        least, most = collection.least_workers, collection.most_workers
        view = evolve(view_of(collection, _goal(collector)), workers=(), least=least, most=most)
        try:
            decision = self.policy.decision_on(view)
        except SettingsError:
            raise
        except Exception as error:
            form = f"a policy that can decide ({shown_error(error)})"
            raise SettingsError("policy", form, type(self.policy).__name__) from error
        return max(least, min(most, decision.start))

    def is_asked_again(self, collection: Collection) -> bool:
        """Return whether anything may be decided later: a deadline may be lost by any policy."""
        return collection.deadline_s is not None or not self.policy.only_starts

    def decide(self, collection: Collection, collector: Collector) -> Decision:
        """Ask the policy what to do now with a run; it has no more than it may.

        Raises:
            SettingsError: that is no decision, or cannot be carried out.
        """
        view = view_of(collection, _goal(collector))
        decision = self.policy.decision_on(view)
        return evolve(decision, start=min(decision.start, view.most - len(view.workers)))


def view_of(collection: Collection, goal: int | None) -> RunView:
    """Return a run as a policy sees it now; workers that are given up or rest are not wanted."""
    now = time.monotonic()
    present = collection.workers.values()
    absent = sum(counts.left_s is None and not counts.serves for counts in present)
    began_at = now if collection.started_at is None else collection.started_at
    return RunView(
        elapsed_s=now - began_at,
        deadline_s=collection.deadline_s,
        goal=goal,
        samples=len(collection.values),
        lines=collection.ledger.received,
        least=min(collection.least_workers, collection.most_workers - absent),
        most=collection.most_workers - absent,
        workers=tuple(
            _worker_view(
                worker,
                None if worker in collection.ending else counts.times.present,
                now,
                began_at,
            )
            for worker, counts in collection.workers.items()
            if counts.serves
        ),
        measured=_together([counts.times.measured(now) for counts in present]),
        starts=sum(counts.starts for counts in present),
        replaced=sum(counts.replaced for counts in present) + len(collection.ending),
    )


def _worker_view(worker: int, life: Life | None, now: float, began_at: float) -> WorkerView:
    if life is None:
        return WorkerView(id=worker, started_s=now - began_at)
    return WorkerView(
        id=worker,
        started_s=life.up_at - began_at,
        first_s=None if life.first_at is None else life.first_at - began_at,
        last_s=life.last_at - began_at,
        paced=life.paced,
        arrivals=life.arrivals,
        squares=life.squares,
    )


def _together(measured: Sequence[Measured]) -> Measured:
    names = fields_dict(Measured)
    return Measured(**{name: sum(map(attrgetter(name), measured)) for name in names})


def _goal(collector: Collector) -> int | None:
    """Return the goal that a policy is shown."""
    return collector.goal if collector.any_worker else None
