"""Random runs, each to its end, on as many processors as there are."""

import ctypes
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import define, field, frozen

from rnd_actors.errors import StoreError
from rnd_actors.store import list_runs
from tests.benchmarks.fuzz._case import Case
from tests.benchmarks.fuzz._judge import judge_run, judge_session
from tests.benchmarks.fuzz._session import Session, play

__all__ = ["Played", "fuzz", "play_case"]

_SET_CHILD_SUBREAPER: Final = 36
_MOST_SESSIONS: Final = 25


@frozen
class Played:
    """What came of a case: problems, of which there should be none, and figures."""

    case: Case
    problems: tuple[str, ...]
    sessions: int
    strikes: int
    seconds: float


def fuzz(seeds: Iterable[int], jobs: int = os.cpu_count() or 1) -> Iterator[Played]:
    """Play the cases of these seeds, `jobs` at a time; yield what came of each, in their order."""
    with ProcessPoolExecutor(jobs, get_context("spawn"), _inherit_orphans) as pool:
        yield from pool.map(_play_seed, seeds)


def play_case(case: Case, folder: Path) -> Played:
    """Run it, and resume it until it is complete; this process has to be a child subreaper."""
    course = _Course(case, folder)
    while course.goes_on():
        course.play_session()
    return Played(
        case=case,
        problems=tuple(course.problems),
        sessions=course.number,
        strikes=course.strikes,
        seconds=course.seconds,
    )


def _inherit_orphans() -> None:
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _play_seed(seed: int) -> Played:
    with TemporaryDirectory(prefix="rnd-actors-fuzz-") as folder:
        return play_case(Case.of(seed), Path(folder))


@define
class _Course:
    """A case while it is played."""

    case: Case
    folder: Path
    number: int = 0
    """Sessions so far."""
    strikes: int = 0
    seconds: float = 0.0
    problems: list[str] = field(factory=list)

    @property
    def _store(self) -> Path:
        return self.folder / "runs.db"

    @property
    def _files(self) -> list[Path]:
        return [self.folder / f"samples{suffix}" for suffix in self.case.suffixes]

    def goes_on(self) -> bool:
        """Whether there is another session."""
        return not self.problems and self._state() != "complete" and self.number < _MOST_SESSIONS

    def play_session(self) -> None:
        """Begin the run, or resume it."""
        sessions = self.case.sessions
        strikes = sessions[self.number] if self.number < len(sessions) else ()
        session = play(self._arguments(), strikes, self.folder, self.case.seed)
        self.number += 1
        self.strikes += len(strikes)
        self.seconds += session.seconds
        self._note(session)

    def _arguments(self) -> list[str]:
        if self._state() is not None:
            return ["resume", str(self._store), "--json", "--quiet", *self._patience()]
        outputs = [f"--output={file}" for file in (self._store, *self._files)]
        return ["run", *self.case.command(), "--overwrite", *outputs]

    def _patience(self) -> list[str]:
        """Return what ends a run whose deadline is too short for any sample."""
        late = self.number >= len(self.case.sessions) and self.case.deadline_s is not None
        return ["--deadline=60"] if late else []

    def _state(self) -> str | None:
        """Return the state of the run in the store; None if it has not begun."""
        try:
            runs = list_runs(self._store)
        except StoreError:
            return None
        return runs[-1].state if runs else None

    def _note(self, session: Session) -> None:
        problems = list(judge_session(self.case, session))
        if not problems and self._state() == "complete":
            if session.stdout:
                problems += judge_run(self.case, self._store, self._files, session)
        elif not problems and self.number == _MOST_SESSIONS:
            problems.append(f"it is not complete after {self.number} sessions")
        self.problems += [f"session {self.number}: {problem}" for problem in problems]
