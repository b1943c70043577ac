"""What a run has left that can go on."""

from pathlib import Path
from typing import Any, Final

from attrs import frozen

from rnd_actors.collecting import Outcome, Sample, Tally
from rnd_actors.errors import StoreError
from rnd_actors.store._database import opened
from rnd_actors.store._records import StoredRun
from rnd_actors.store._runs import SAMPLES, all_of, chosen_run, stored_tally
from rnd_actors.store._seal import is_sealed
from rnd_actors.store._soundness import json_object

__all__ = ["Checkpoint", "read_checkpoint"]

_LAST_INCARNATIONS: Final = """
SELECT worker, max(number) FROM (
    SELECT worker, number FROM incarnations WHERE run = :run
    UNION ALL SELECT worker, incarnation FROM samples WHERE run = :run
) GROUP BY worker
"""


@frozen(kw_only=True)
class Checkpoint:
    """What a run that has not reached its goal has left, for a run that goes on with it.

    Args:
        run: as it is listed.
        is_own: whether this user has begun it, and nobody has changed `settings` and `recipe`
            since: they name programs and files, and so are not to be trusted otherwise.
        settings: plain data of the settings that it was begun with.
        recipe: plain data that its collector is made of again, None if it cannot be.
        samples: what it has collected.
        tally: what it knew of its workers.
        incarnations: the highest number that each worker had; none for those that never ran.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors.store import Recording, RunDescription, read_checkpoint
        >>> run = RunDescription(settings={"workers": 1}, recipe=None, collector="mine", goal=1)
        >>> with TemporaryDirectory() as folder:
        ...     Recording.begin(Path(folder, "runs.db"), run).abandon()
        ...     checkpoint = read_checkpoint(Path(folder, "runs.db"))
        >>> checkpoint.settings, checkpoint.samples, checkpoint.is_own
        ({'workers': 1}, (), True)
    """

    run: StoredRun
    is_own: bool
    settings: dict[str, Any]
    recipe: dict[str, Any] | None
    samples: tuple[Sample, ...]
    tally: Tally
    incarnations: dict[int, int]


def read_checkpoint(path: Path, run: int | None = None) -> Checkpoint:
    """Return what is needed to go on with a run, by default with the latest.

    Raises:
        StoreError: there is no store or no such run, or the run is complete or being worked on.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.store import read_checkpoint
        >>> read_checkpoint(Path("/no/such/store.db"))
        Traceback (most recent call last):
        rnd_actors.errors.StoreError: there is no store at /no/such/store.db
    """
    with opened(path) as connection:
        connection.execute("BEGIN")
        stored = chosen_run(connection, path, run)
        if stored.state == Outcome.COMPLETE.value:
            raise StoreError(f"run {stored.id} in {path} is complete: there is nothing to resume")
        if stored.state == "running":
            raise StoreError(f"run {stored.id} in {path} is still running; wait until it has ended")
        settings, recipe, found = connection.execute(
            "SELECT settings, recipe, seal FROM runs WHERE id = ?", (stored.id,)
        ).fetchone()
        return Checkpoint(
            run=stored,
            is_own=is_sealed(found, settings, recipe),
            settings=json_object(settings, path, stored.id, "settings"),
            recipe=recipe and json_object(recipe, path, stored.id, "recipe"),
            samples=all_of(connection, SAMPLES, stored.id, Sample),
            tally=stored_tally(connection, path, stored.id),
            incarnations=dict(connection.execute(_LAST_INCARNATIONS, {"run": stored.id})),
        )
