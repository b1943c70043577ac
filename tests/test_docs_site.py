"""The site of the guide and the docstrings: it is whole, and it needs no network."""

import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Final

import pytest

import rnd_actors

DOCS: Final = Path(__file__).parents[1] / "docs"


def public_modules() -> Iterator[str]:
    """Give the modules from which programs import names."""
    yield "rnd_actors"
    for found in walk_packages(rnd_actors.__path__, "rnd_actors."):
        if "._" not in found.name and found.name != "rnd_actors.cli":
            module = import_module(found.name)
            if getattr(module, "__all__", None):
                yield found.name


MODULES: Final = list(public_modules())


def test_every_public_module_is_on_a_page_of_the_reference() -> None:
    pages = "".join(page.read_text("utf-8") for page in DOCS.glob("reference/*.md"))
    assert sorted(re.findall(r"^\.\. automodule:: (\S+)$", pages, re.MULTILINE)) == sorted(MODULES)


def test_every_link_of_the_readme_leads_somewhere() -> None:
    text = (DOCS.parent / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (DOCS.parent / target).exists(), target


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` makes it, which fails on a warning: for one, on a broken link."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--fail-on-warning", "--keep-going"]
    sphinx = [sys.executable, "-m", "sphinx", *options, str(DOCS), str(folder)]
    done = subprocess.run(sphinx, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_reference_explains_every_public_name(site: Path) -> None:
    *_, entries = (site / "objects.inv").read_bytes().split(b"\n", 4)
    explained = {line.split()[0] for line in zlib.decompress(entries).decode().splitlines()}
    for module in MODULES:
        for name in import_module(module).__all__:
            assert any(f"{each}.{name}" in explained for each in MODULES), f"{module}.{name}"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("files", "what_loads"),
    [
        ("*.html", r"<(?:script|img|iframe)\b[^>]* src=\"([^\"]+)"),
        ("*.html", r"<link\b[^>]* href=\"([^\"]+)"),
        ("*.css", r"(?:url\(|@import)\s*[\"']?([^\"')]+)"),
        ("*.js", r"(?:fetch|import|importScripts)\(\s*[\"']([^\"']+)"),
    ],
    ids=["html", "links", "css", "js"],
)
def test_no_page_loads_anything_from_elsewhere(site: Path, files: str, what_loads: str) -> None:
    paths = list(site.rglob(files))
    assert paths
    for path in paths:
        for target in re.findall(what_loads, path.read_text("utf-8")):
            assert not re.match(r"(?!data:)\w+:|//", target), (path, target)
