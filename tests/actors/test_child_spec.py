"""Child specs: plain data that says at once what is wrong with it."""

import math
from typing import Any

import attrs
import pytest

from rnd_actors.actors import ActorSystem, Overflow
from rnd_actors.errors import ChildSpecError
from rnd_actors.supervision import BRUTAL_KILL, INFINITY, ChildSpec, Restart
from tests.actors.toys import Puppet, puppet


def test_only_id_and_factory_are_needed() -> None:
    spec = ChildSpec("puppet", Puppet)
    assert (spec.restart, spec.shutdown, spec.drain) == (Restart.PERMANENT, None, False)
    assert (spec.capacity, spec.overflow, spec.decider) == (None, Overflow.BLOCK, None)


@pytest.mark.parametrize("shutdown", [BRUTAL_KILL, 0.5, 1, INFINITY])
def test_shutdown_limits_may_be(shutdown: float) -> None:
    assert ChildSpec("puppet", Puppet, shutdown=shutdown).shutdown == shutdown


@pytest.mark.parametrize("capacity", [None, 1, 1_000])
def test_capacities_may_be(capacity: int | None) -> None:
    assert ChildSpec("puppet", Puppet, capacity=capacity).capacity == capacity


@pytest.mark.parametrize(
    ("field", "wrong", "accepted"),
    [
        ("id", "", "a name without /"),
        ("id", "a/b", "a name without /"),
        ("id", 7, "a name without /"),
        ("factory", "Puppet", "a callable that makes the actor"),
        ("factory", Puppet(), "a callable that makes the actor"),
        ("restart", "permanent", "a member of Restart"),
        ("shutdown", -0.1, "seconds >= 0, BRUTAL_KILL or INFINITY"),
        ("shutdown", "5", "seconds >= 0, BRUTAL_KILL or INFINITY"),
        ("drain", 1, "True or False"),
        ("significant", "yes", "True or False"),
        ("shutdown", math.nan, "seconds >= 0, BRUTAL_KILL or INFINITY"),
        ("capacity", 0, "None or a whole number >= 1"),
        ("capacity", "many", "None or a whole number >= 1"),
        ("capacity", 1.5, "None or a whole number >= 1"),
        ("capacity", True, "None or a whole number >= 1"),
        ("overflow", "block", "a member of Overflow"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_accepts_and_what_came(
    field: str, wrong: Any, accepted: str
) -> None:
    fields = {"id": "puppet", "factory": Puppet, field: wrong}
    with pytest.raises(ChildSpecError) as caught:
        ChildSpec(**fields)
    assert str(caught.value) == (
        f"ChildSpec({fields['id']!r}): {field} takes {accepted}; got {wrong!r}"
    )


def test_a_delegated_child_needs_a_decider() -> None:
    with pytest.raises(ChildSpecError, match="decider takes a ref if DELEGATED, else None; got N"):
        ChildSpec("puppet", Puppet, restart=Restart.DELEGATED)


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY])
def test_no_other_child_has_a_decider(system: ActorSystem, restart: Restart) -> None:
    decider = system.start(puppet("decider"))
    with pytest.raises(ChildSpecError, match="decider takes a ref if DELEGATED, else None; got <"):
        ChildSpec("puppet", Puppet, restart=restart, decider=decider)


def test_a_child_spec_error_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        ChildSpec("", Puppet)


def test_a_spec_does_not_change() -> None:
    spec = ChildSpec("puppet", Puppet)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        spec.id = "other"  # type: ignore[misc]
    assert attrs.evolve(spec, id="other").id == "other"


def test_a_decider_is_a_ref() -> None:
    decider: Any = "a string"
    with pytest.raises(ChildSpecError, match=r"decider takes a ref if DELEGATED, .*'a string'"):
        ChildSpec("puppet", Puppet, restart=Restart.DELEGATED, decider=decider)
