"""Each room, a sub-package, is entered by its public names."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import rnd_actors

_ROOT: Final = Path(rnd_actors.__file__).parent
_FRAMEWORK: Final = "actors"
_LET_IN: Final = {
    "events",
    "inspection",
    "registry",
    "routing",
    "simulation",
    "state_machine",
    "supervision",
    "testing",
}
"""The other public modules of the framework, and what takes the place of parts of it."""


def test_no_room_imports_a_private_module_of_another() -> None:
    assert list(_trespasses()) == []


def _trespasses() -> Iterator[str]:
    for path in sorted(_ROOT.rglob("*.py")):
        own = path.relative_to(_ROOT).with_suffix("").parts[0]
        for module in _imported(ast.parse(path.read_text(encoding="utf-8"))):
            package, room, *inner = [*module.split("."), "", ""]
            is_private = package == "rnd_actors" and inner[0].startswith("_")
            is_let_in = room == _FRAMEWORK and own in _LET_IN
            if is_private and room != own and not is_let_in:
                yield f"{path.relative_to(_ROOT)} imports {module}"


def _imported(tree: ast.Module) -> Iterator[str]:
    """Give all that is imported anywhere in a module, names of modules and names in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
