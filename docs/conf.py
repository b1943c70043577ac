"""Settings of Sphinx, which makes the site of these pages and the docstrings."""

import re
from enum import Enum, EnumType
from importlib import import_module, metadata
from pathlib import Path
from typing import Final

from attrs import fields_dict
from docutils import nodes
from sphinx.addnodes import desc_annotation, pending_xref
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

project = "rnd-actors"
release = metadata.version(project)
html_title = f"{project} {release}"
html_theme = "furo"
html_copy_source = False
html_show_copyright = False
highlight_options = {"go": {"tabsize": 4}}

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
default_role = "code"
add_module_names = False
autodoc_default_options = {"members": True, "imported-members": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 160
"""Counted with the modules of all types, which are not shown."""

_DOCS: Final = Path(__file__).parent
_PAGES: Final = {
    module: page.relative_to(_DOCS).with_suffix("").as_posix()
    for page in sorted(_DOCS.glob("reference/*.md"))
    for module in re.findall(r"^\.\. automodule:: (\S+)$", page.read_text(), re.MULTILINE)
}
"""The public modules, each with the page that explains it."""
_NAMES: Final[dict[str, list[str]]] = {name: import_module(name).__all__ for name in _PAGES}
_HOMES: Final = {
    name: module
    for module in sorted(_NAMES, key=lambda module: module.count("."))
    for name in _NAMES[module]
}
"""The module that explains a name: of several that have it, the innermost."""


def setup(app: Sphinx) -> None:
    """Explain each public name once, and let names in code font lead there."""
    for name, home in _HOMES.items():
        getattr(import_module(home), name)  # some modules import a name when it is first used
    _give_constants_their_texts()
    app.connect("autodoc-skip-member", _skip_member)
    app.connect("autodoc-process-docstring", _list_names_from_other_modules)
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", _tidy_signature)
    app.connect("doctree-read", _shorten_values)
    app.connect("doctree-read", _link_names)


def _give_constants_their_texts() -> None:
    """Tell autodoc the texts below constants, which it looks for in the public module alone."""
    public = {module: ModuleAnalyzer.for_module(module) for module in _PAGES}
    for analyzer in public.values():
        analyzer.analyze()
    for path in (_DOCS.parent / "rnd_actors").rglob("*.py"):
        private = ModuleAnalyzer.for_file(path, path.stem)
        private.analyze()
        for (owner, name), text in private.attr_docs.items():
            if not owner and name in _HOMES:
                public[_HOMES[name]].attr_docs["", name] = text


def _skip_member(app: Sphinx, kind: str, name: str, *_: object) -> bool | None:
    is_elsewhere = kind == "module" and _PAGES[_HOMES[name]] != app.env.docname
    return True if is_elsewhere else None


def _list_names_from_other_modules(
    _app: Sphinx, kind: str, module: str, _thing: object, _options: object, lines: list[str]
) -> None:
    homes = {name: _HOMES[name] for name in _NAMES[module]} if kind == "module" else {}
    links = [f":py:obj:`{name} <{home}.{name}>`" for name, home in homes.items() if home != module]
    if links:
        lines += ["", f"Names from other modules: {', '.join(links)}."]


def _keep_colons(
    _app: Sphinx, kind: str, _name: str, _thing: object, _options: object, lines: list[str]
) -> None:
    """Begin with an empty comment: napoleon takes what is before a first colon for a type."""
    if kind in {"attribute", "data", "property"}:
        lines[:0] = ["..", ""]


def _tidy_signature(
    _app: Sphinx,
    _kind: str,
    _name: str,
    thing: object,
    _options: object,
    signature: str | None,
    returned: str | None,
) -> tuple[str, str | None] | None:
    """Show the defaults of attrs classes as values, and nothing for what is never called."""
    if isinstance(thing, EnumType) or getattr(thing, "_is_protocol", False):
        return "", None
    if signature is None:
        return None

    def default(of: re.Match[str]) -> str:
        value = fields_dict(thing)[of[1]].default  # type: ignore[arg-type]
        return str(value) if isinstance(value, Enum) else getattr(value, "__name__", repr(value))

    shown = re.sub(r"attr_dict\['(\w+)'\]\.default", default, signature)
    return _shortened(shown.replace("NOTHING", "...")), returned


def _shorten_values(_app: Sphinx, doctree: nodes.document) -> None:
    for value in doctree.findall(desc_annotation):
        for text in list(value.findall(nodes.Text)):
            text.parent.replace(text, nodes.Text(_shortened(text)))


def _shortened(value: str) -> str:
    """Take private modules and the paths of this machine out of it."""
    return re.sub(r"'/[^']*'", "'…'", re.sub(r"rnd_actors(\.\w+)*\._\w+\.", "", value))


def _link_names(app: Sphinx, doctree: nodes.document) -> None:
    """Let classes, their members, errors and constants in code font lead to the reference."""
    for literal in list(doctree.findall(nodes.literal)):
        found = re.match(r"([A-Z]\w+)(\.\w+)?", literal.astext())
        if found and found[1] in _HOMES and not _is_in_title_or_link(literal):
            link = pending_xref(
                "",
                refdomain="py",
                reftype="obj",
                reftarget=f"{_HOMES[found[1]]}.{found[0]}",
                refdoc=app.env.docname,
            )
            literal.replace_self(link)
            link += literal


def _is_in_title_or_link(node: nodes.Node) -> bool:
    while node := node.parent:
        if isinstance(node, nodes.title | nodes.reference | pending_xref):
            return True
    return False
