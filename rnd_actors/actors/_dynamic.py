"""The supervisor of children that come and go."""

from __future__ import annotations

from itertools import count
from typing import ClassVar

from attrs import evolve

from rnd_actors.actors._children import Child
from rnd_actors.actors._policy import Backoff, OnLimit, RestartIntensity, ShutdownOrder
from rnd_actors.actors._supervision import ChildSpec
from rnd_actors.actors._supervisor import Supervisor


class DynamicSupervisor(Supervisor):
    """Starts children one by one when it is asked, and forgets those that have stopped for good.

    It makes their ids: the first child of `StartChild(ChildSpec("chat", …))` is `chat-1`, and no
    number comes twice, whatever the id in the spec. Children do not depend on each other: each is
    restarted alone, and at the end of the supervisor all stop together. What an operation costs
    does not depend on the number of children.

    Args:
        intensity: how many restarts each child may need.
        total_intensity: how many restarts all children together may need; None: no limit.
        on_limit: who ends if a child needs more.
        backoff: how long to wait before each restart.
        max_children: how many there may be at a time; None: no limit.

    Raises:
        SettingsError: an argument is not of its accepted form.
    """

    _keeps_children: ClassVar[bool] = False

    def __init__(
        self,
        *,
        intensity: RestartIntensity | None = None,
        total_intensity: RestartIntensity | None = None,
        on_limit: OnLimit = OnLimit.FAIL,
        backoff: Backoff = Backoff(),
        max_children: int | None = None,
    ) -> None:
        super().__init__(
            intensity=intensity,
            total_intensity=total_intensity,
            on_limit=on_limit,
            backoff=backoff,
            shutdown_order=ShutdownOrder.PARALLEL,
            max_children=max_children,
        )
        self._numbers = count(1)

    def _add(self, spec: ChildSpec, *, is_kept: bool) -> Child:
        return super()._add(evolve(spec, id=f"{spec.id}-{next(self._numbers)}"), is_kept=is_kept)
