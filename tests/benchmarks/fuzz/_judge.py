"""What has to hold of a random run, after each session and in the end."""

import csv
import json
import signal
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from rnd_actors import Sample
from rnd_actors.store import read_run
from tests.benchmarks.fuzz._case import Case
from tests.benchmarks.fuzz._session import Session

__all__ = ["judge_run", "judge_session"]

_CODES: Final = {"complete": 0, "failed": 1, "deadline": 3}
_INTERRUPTED: Final = {
    signal.SIGHUP: 129,
    signal.SIGINT: 130,
    signal.SIGTERM: 143,
}
_SPARE_DESCRIPTORS: Final = 40
_DESCRIPTORS_OF_A_WORKER: Final = 5


def judge_session(case: Case, session: Session) -> Iterator[str]:
    """Yield what did not hold of a session."""
    if session.code is None:
        yield f"it did not end within {session.seconds:.0f} s"
        return
    if session.left:
        yield f"{len(session.left)} processes are left: {session.left[0]}"
    if "Traceback" in session.stderr:
        yield f"a traceback: {session.stderr[-400:]}"
    most = case.workers * _DESCRIPTORS_OF_A_WORKER + _SPARE_DESCRIPTORS
    if session.descriptors > most:
        yield f"{session.descriptors} descriptors were open, of {most} at most"
    if session.code < 0:
        if -session.code not in session.struck:
            yield f"signal {-session.code} ended it, which nobody had sent"
        return
    if session.orphans and session.stdout:  # a second signal ends it at once, without a result
        yield f"it left {session.orphans} processes of which it had not heard the end"
    yield from _judge_outcome(session)


def _judge_outcome(session: Session) -> Iterator[str]:
    """Compare the exit code with what was printed and with what has struck the program."""
    code = session.code
    told = {_INTERRUPTED[each] for each in session.struck & _INTERRUPTED.keys()}
    if not session.stdout:
        if code not in told:
            yield f"exit code {code} and no result: {session.stderr[-400:]!r}"
        return
    try:
        result: dict[str, Any] = json.loads(session.stdout)
    except ValueError:
        yield f"what it printed is no JSON: {session.stdout[:100]!r}"
        return
    if result["outcome"] == "interrupted":
        if code not in told:
            yield f"interrupted with exit code {code}, and {sorted(session.struck)} had struck"
    elif code != _CODES[result["outcome"]] and code not in told:
        yield f"exit code {code} for a run that is {result['outcome']}"
    lines = result["lines"]
    if lines["received"] != lines["accepted"] + lines["surplus"] + lines["malformed"]:
        yield f"the ledger does not balance: {lines}"
    if not result["samples"] == len(result["values"]) == lines["accepted"]:
        yield f"{result['samples']} samples, {len(result['values'])} values, {lines}"


def judge_run(case: Case, store: Path, files: Sequence[Path], last: Session) -> Iterator[str]:
    """Yield what does not hold of a run that has come to its end."""
    history = read_run(store)
    samples = list(history.samples)
    if len(samples) != case.samples or history.run.state != "complete":
        yield f"the store has {len(samples)} samples of {case.samples}, {history.run.state}"
    if [sample.index for sample in samples] != list(range(len(samples))):
        yield "the indexes in the store are not 0, 1, 2, ..."
    if json.loads(last.stdout or "{}").get("values") != [sample.value for sample in samples]:
        yield "the values of the result are not those of the store"
    has_gaps = any(flag.startswith("-malformed-every=") for flag in case.flags)
    yield from _judge_incarnations(samples, has_gaps=has_gaps)
    for file in files:
        if _rows(file) != [_row(sample) for sample in samples]:
            yield f"{file.name} is not what the store is"


def _judge_incarnations(samples: Sequence[Sample], *, has_gaps: bool) -> Iterator[str]:
    """Stand-ins count from 0, and a run takes all that an incarnation sends until it has enough.

    A malformed line takes the place of a number.
    """
    of: dict[tuple[int, int], list[Sample]] = defaultdict(list)
    for sample in samples:
        of[sample.worker, sample.incarnation].append(sample)
    for (worker, incarnation), own in of.items():
        values = [sample.value for sample in own]
        are_right = values == (sorted(set(values)) if has_gaps else list(range(len(own))))
        if not are_right or [sample.seq for sample in own] != list(range(len(own))):
            yield f"worker {worker}, incarnation {incarnation}: its numbers are not consecutive"


def _row(sample: Sample) -> tuple[int, ...]:
    return sample.index, sample.value, sample.worker, sample.incarnation, sample.seq


def _rows(file: Path) -> list[tuple[int, ...]]:
    """Read what an output says of each sample."""
    with file.open(newline="") as lines:
        rows: Iterator[dict[str, Any]] = (
            csv.DictReader(lines) if file.suffix == ".csv" else map(json.loads, lines)
        )
        names = ("index", "value", "worker", "incarnation", "seq")
        return [tuple(int(row[name]) for name in names) for row in rows]
