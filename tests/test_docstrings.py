"""Every public name has one meaning and one module, and is explained; examples run."""

import ast
import doctest
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Final

import pytest

import rnd_actors
from rnd_actors import errors

_NO_LIBRARY: Final = ("cli", "notebook", "patched", "standin")
"""The program itself, its way into notebooks, a plugin for pytest, and the worker program."""
_MODULES: Final = [
    import_module(f"rnd_actors.{found.name}")
    for found in iter_modules(rnd_actors.__path__)
    if not found.name.startswith("_") and found.name not in _NO_LIBRARY
]
_THINGS: Final[dict[str, Any]] = {
    name: getattr(module, name) for module in _MODULES for name in module.__all__
}


def _has_docstring(thing: object) -> bool:
    """Whether `thing` can have one at run time: constants and aliases of types cannot."""
    return isinstance(thing, type) or inspect.isfunction(thing)


_DOCUMENTED: Final = [name for name, thing in _THINGS.items() if _has_docstring(thing)]
_OTHERS: Final = [name for name in _THINGS if name not in _DOCUMENTED]


@pytest.mark.parametrize("name", rnd_actors.__all__)
def test_a_name_at_the_root_is_that_of_a_public_module(name: str) -> None:
    assert getattr(rnd_actors, name) is _THINGS[name]


def test_a_first_program_finds_its_names_at_the_root() -> None:
    assert len(rnd_actors.__all__) <= 45


def test_completion_in_a_shell_offers_the_names_at_the_root() -> None:
    assert set(rnd_actors.__all__) <= set(dir(rnd_actors))


@pytest.mark.parametrize("module", _MODULES, ids=lambda module: module.__name__)
def test_a_public_name_has_one_meaning(module: ModuleType) -> None:
    others = [name for name in module.__all__ if getattr(module, name) is not _THINGS[name]]
    assert not others


@pytest.mark.parametrize("module", [rnd_actors, *_MODULES], ids=lambda module: module.__name__)
def test_all_is_sorted_constants_first_then_classes_then_functions(module: ModuleType) -> None:
    def order(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2), name

    assert module.__all__ == sorted(module.__all__, key=order)


def test_every_error_is_public() -> None:
    defined = {
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and thing.__module__ == errors.__name__
    }
    assert defined == set(errors.__all__)


@pytest.mark.parametrize("name", _DOCUMENTED)
def test_a_public_name_has_a_docstring(name: str) -> None:
    assert (_THINGS[name].__doc__ or "").strip()


def _modules_with_examples() -> Iterator[str]:
    """Give their names without importing them: some take long, and tests may run elsewhere."""
    root = Path(rnd_actors.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(root.parent).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("module", list(_modules_with_examples()))
def test_the_examples_of_a_module_run(module: str) -> None:
    report: list[str] = []
    for example in doctest.DocTestFinder().find(import_module(module)):
        if example.name.rpartition(".")[2] in _THINGS:
            example.globs = {}  # one of a public name can be copied as it is
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("name", _DOCUMENTED)
def test_the_public_members_of_a_class_have_docstrings(name: str) -> None:
    thing = _THINGS[name]
    mute = [member for member in _members(thing) if not inspect.getdoc(getattr(thing, member))]
    assert not mute


@pytest.mark.parametrize("name", _OTHERS)
def test_a_constant_or_an_alias_is_explained_by_a_text_below_it(name: str) -> None:
    assert name in _explained_in_the_source()


def _members(thing: object) -> Iterator[str]:
    """Give the methods and properties that a class defines for its users."""
    for name, member in vars(thing).items() if isinstance(thing, type) else ():
        is_member = inspect.isroutine(member) or isinstance(member, property)
        if is_member and not name.startswith("_"):
            yield name


@cache
def _explained_in_the_source() -> set[str]:
    """Return the names that are assigned at the top of a module and have a string below them."""
    explained = set()
    for path in Path(rnd_actors.__file__).parent.rglob("*.py"):
        body = ast.parse(path.read_text()).body
        for statement, below in pairwise(body):
            match statement, below:
                case (
                    ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)),
                    ast.Expr(ast.Constant(str())),
                ):
                    explained.add(name)
    return explained
