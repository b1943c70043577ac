"""A run to be reported: the same in every test, and with all that can happen."""

from random import Random

from attrs import evolve

from rnd_actors.collectors import Ledger, Outcome, Result, Sample, WorkerOnHost, WorkerResult
from rnd_actors.store import Incarnation, RunHistory, Session, StoredRun

BEGAN = 1_700_000_000.0
"""Seconds since the epoch."""
RESUMED = BEGAN + 3600.0
BREAK_AT = 5.0
"""Seconds of the run after which it was interrupted."""


def history_of(
    samples: tuple[Sample, ...],
    incarnations: tuple[Incarnation, ...] = (),
    *,
    sessions: tuple[Session, ...] = (Session(number=1, started_at=BEGAN, elapsed_s=10.0),),
    workers: tuple[WorkerResult, ...] = (),
    state: str = "complete",
    goal: int | None = 150,
) -> RunHistory:
    """Return the history of a run with these parts."""
    elapsed = sum(session.elapsed_s for session in sessions)
    values = tuple(sample.value for sample in samples)
    return RunHistory(
        run=StoredRun(
            id=7,
            state=state,
            started_at=BEGAN,
            samples=len(samples),
            goal=goal,
            workers=len(workers),
            sessions=len(sessions),
            elapsed_s=elapsed,
            collector=f"SampleCount(goal={goal})",
        ),
        result=Result(
            outcome=Outcome.COMPLETE if state == "complete" else Outcome.FAILED,
            reason="the goal is reached" if state == "complete" else "the run ended without a word",
            goal=goal,
            elapsed_s=elapsed,
            deadline_s=None,
            lines=Ledger(len(values), len(values), 0, 0),
            values=values,
            workers=workers,
        ),
        sessions=sessions,
        samples=samples,
        incarnations=incarnations,
    )


def sample(index: int, at: float, value: int = 0, worker: int = 1) -> Sample:
    """Return a sample that came so many seconds after the beginning."""
    return Sample(index, value, worker, incarnation=1, seq=index, received_at=BEGAN + at)


def life(
    number: int,
    spawned: float,
    streaming: float | None,
    ended: float | None,
    *,
    failure: str | None = None,
    worker: int = 1,
) -> Incarnation:
    """Return a life of a worker; times are seconds after the beginning."""

    def at(seconds: float | None) -> float | None:
        return None if seconds is None else BEGAN + seconds

    return Incarnation(
        worker=worker,
        number=number,
        port=3000 + worker,
        pid=1000 + number,
        spawned_at=BEGAN + spawned,
        streaming_at=at(streaming),
        ended_at=at(ended),
        failure=failure,
    )


def worker_result(worker: int = 1, samples: int = 0, rate: float | None = None) -> WorkerResult:
    """Return what became of a worker that never crashed."""
    return WorkerResult(worker, 3000 + worker, samples, 1, 0, 0, last_exit=None, rate_per_s=rate)


def a_run() -> RunHistory:
    """Return a run of 150 samples from 16 workers, of which some crash, in two sessions.

    Each worker sends a number a second. It was interrupted after 5 s and resumed after an hour.
    """
    chance = Random(7)  # it is only to look like chance
    sessions = (
        Session(number=1, started_at=BEGAN, elapsed_s=BREAK_AT),
        Session(number=2, started_at=RESUMED, elapsed_s=5.0),
    )
    lives = [
        a_life
        for session in sessions
        for worker in range(1, 17)
        for a_life in _lives(chance, worker, session)
    ]
    arrivals = sorted(
        (at, a_life.worker, a_life.number, seq)
        for a_life in lives
        for seq, at in enumerate(_arrivals(a_life))
    )[:150]
    samples = tuple(
        Sample(index, chance.randrange(100), worker, number, seq, at)
        for index, (at, worker, number, seq) in enumerate(arrivals)
    )
    last = samples[-1].received_at - RESUMED
    sessions = (sessions[0], evolve(sessions[1], elapsed_s=last))
    workers = tuple(_worker(worker, samples, lives) for worker in range(1, 17))
    return history_of(samples, tuple(lives), sessions=sessions, workers=workers)


def on_two_hosts(run: RunHistory) -> RunHistory:
    """Return a run as if its workers had been on two hosts in turn, and worker 2 on one more."""
    workers = [
        evolve(
            worker,
            hosts=(
                WorkerOnHost(
                    f"10.0.0.{2 - worker.id % 2}", worker.samples, worker.starts, worker.crashes
                ),
            ),
        )
        for worker in run.result.workers
    ]
    more = WorkerOnHost("10.0.0.3", samples=2, starts=1, lost=7)
    workers[1] = evolve(workers[1], hosts=(*workers[1].hosts, more))
    return evolve(run, result=evolve(run.result, workers=tuple(workers)))


def _lives(chance: Random, worker: int, session: Session) -> list[Incarnation]:
    begin, end = session.started_at, session.started_at + 5.0
    first = 1 if session.number == 1 else 10
    lives: list[Incarnation] = []
    while begin < end - 0.1:
        crash = begin + chance.uniform(1.5, 12.0)
        lives.append(
            Incarnation(
                worker=worker,
                number=first + len(lives),
                port=3000 + worker,
                pid=1000 + 20 * worker + len(lives),
                spawned_at=begin,
                streaming_at=begin + 0.05,
                ended_at=min(crash, end),
                failure="exited with code 2" if crash < end else None,
            )
        )
        begin = crash + chance.uniform(0.0, 0.8)
    return lives


def _arrivals(a_life: Incarnation) -> list[float]:
    assert a_life.streaming_at is not None
    assert a_life.ended_at is not None
    begin, end = a_life.streaming_at, a_life.ended_at
    return [begin + 0.01 + second for second in range(10) if begin + 0.01 + second < end]


def _worker(worker: int, samples: tuple[Sample, ...], lives: list[Incarnation]) -> WorkerResult:
    mine = [a_life for a_life in lives if a_life.worker == worker]
    crashes = [a_life.failure for a_life in mine if a_life.failure]
    return WorkerResult(
        id=worker,
        port=3000 + worker,
        samples=sum(a_sample.worker == worker for a_sample in samples),
        starts=len(mine),
        crashes=len(crashes),
        malformed=0,
        last_exit=crashes[-1] if crashes else None,
        given_up=worker == 16,
        last_words=("panic: out of luck", "<script>alert(1)</script>") if worker == 16 else (),
        rate_per_s=1.0,
    )
