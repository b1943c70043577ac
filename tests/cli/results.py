"""A result to be reported."""

from attrs import evolve

from rnd_actors.collectors import Ledger, Outcome, Result, WorkerResult

COMPLETE = Result(
    outcome=Outcome.COMPLETE,
    reason="the goal is reached",
    goal=3,
    elapsed_s=1.5,
    deadline_s=None,
    lines=Ledger(received=5, accepted=3, surplus=1, malformed=1),
    values=(10, 20, 33),
    workers=(
        WorkerResult(id=1, port=3001, samples=2, starts=1, crashes=0, malformed=1, last_exit=None),
        WorkerResult(
            id=2, port=3002, samples=1, starts=3, crashes=2, malformed=0, last_exit="killed"
        ),
    ),
)


def ended(outcome: Outcome, reason: str) -> Result:
    """Return a result that is like the complete one but for its end."""
    return evolve(COMPLETE, outcome=outcome, reason=reason)
