"""Every public name is explained, and every example in a docstring runs."""

import ast
import doctest
import inspect
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, Final

import pytest

import rnd_actors
from rnd_actors import planning, reporting, simulation, sinks, store, testing

_ROOMS: Final = ("actors", "collecting", "errors", "running", "workers")
_MODULES: Final = [import_module(f"rnd_actors.{room}") for room in _ROOMS]


def _has_docstring(thing: object) -> bool:
    """Whether `thing` can have one at run time: constants and aliases of types cannot."""
    return isinstance(thing, type) or inspect.isfunction(thing)


_THINGS: Final[dict[str, Any]] = {
    name: getattr(package, name)
    for package in (rnd_actors, planning, reporting, simulation, sinks, store, testing)
    for name in package.__all__
}
_DOCUMENTED: Final = [name for name, thing in _THINGS.items() if _has_docstring(thing)]
_OTHERS: Final = [name for name in _THINGS if name not in _DOCUMENTED]


def test_the_package_gives_what_its_rooms_give() -> None:
    assert sorted(rnd_actors.__all__) == sorted(name for room in _MODULES for name in room.__all__)


@pytest.mark.parametrize(
    "module",
    [rnd_actors, planning, reporting, simulation, sinks, store, *_MODULES],
    ids=lambda module: module.__name__,
)
def test_all_is_sorted_constants_first_then_classes_then_functions(module: ModuleType) -> None:
    def order(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2), name

    assert module.__all__ == sorted(module.__all__, key=order)


@pytest.mark.parametrize("name", _DOCUMENTED)
def test_a_public_name_has_a_docstring(name: str) -> None:
    assert (_THINGS[name].__doc__ or "").strip()


def _examples() -> Iterator[doctest.DocTest]:
    """Give the examples of all modules; one of a public name can be copied as it is."""
    for found in walk_packages(rnd_actors.__path__, "rnd_actors."):
        if not found.name.endswith("__main__"):
            for example in doctest.DocTestFinder().find(import_module(found.name)):
                if example.name.rpartition(".")[2] in _THINGS:
                    example.globs = {}
                if example.examples:
                    yield example


@pytest.mark.parametrize("example", list(_examples()), ids=lambda example: example.name)
def test_an_example_runs(example: doctest.DocTest) -> None:
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("name", _DOCUMENTED)
def test_the_public_members_of_a_class_have_docstrings(name: str) -> None:
    thing = _THINGS[name]
    mute = [member for member in _members(thing) if not inspect.getdoc(getattr(thing, member))]
    assert not mute


@pytest.mark.parametrize("name", _OTHERS)
def test_a_constant_or_an_alias_is_explained_by_a_text_below_it(name: str) -> None:
    assert name in set(_explained_in_the_source())


def _members(thing: object) -> Iterator[str]:
    """Give the methods and properties that a class defines for its users."""
    for name, member in vars(thing).items() if isinstance(thing, type) else ():
        is_member = inspect.isroutine(member) or isinstance(member, property)
        if is_member and not name.startswith("_"):
            yield name


def _explained_in_the_source() -> Iterator[str]:
    """Give the names that are assigned at the top of a module and have a string below them."""
    for path in Path(rnd_actors.__file__).parent.rglob("*.py"):
        body = ast.parse(path.read_text()).body
        for statement, below in pairwise(body):
            match statement, below:
                case (
                    ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)),
                    ast.Expr(ast.Constant(str())),
                ):
                    yield name
