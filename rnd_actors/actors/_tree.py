"""A system of actors as data, and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from rnd_actors.actors._cell import Cell
from rnd_actors.actors._ref import Figures

if TYPE_CHECKING:
    from rich.tree import Tree as RichTree


@frozen
class ActorInfo:
    """One actor and those that it supervises, as they were when `system.tree()` was called.

    `str(info)` is a picture with a line an actor; rich prints it in colours.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor
        >>> with ActorSystem() as system:
        ...     specs = [ChildSpec("cache", Actor), ChildSpec("index", Actor)]
        ...     storage = system.start(ChildSpec("storage", lambda: Supervisor(specs)))
        ...     names = [info.name for info in system.tree()]
        >>> names
        ['system', 'storage', 'storage/cache', 'storage/index']
    """

    name: str
    kind: str
    """The name of the actor's class; empty while it is down."""
    incarnation: int
    doing: str
    """What it does at the moment, in words."""
    figures: Figures
    children: tuple[ActorInfo, ...]

    def __iter__(self) -> Iterator[ActorInfo]:
        """Give this actor and all below it, each before its children."""
        yield self
        for child in self.children:
            yield from child

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __rich__(self) -> RichTree:
        from rich.text import Text  # noqa: PLC0415 - actors need no rich, only this picture does
        from rich.tree import Tree  # noqa: PLC0415

        name, words = self._words()
        tree = Tree(Text.assemble((name, "bold"), words), guide_style="dim")
        for child in self.children:
            tree.add(child.__rich__())
        return tree

    def _lines(self, indent: str = "") -> Iterator[str]:
        yield indent + "".join(self._words())
        for child in self.children:
            yield from child._lines(indent + "  ")  # noqa: SLF001

    def _words(self) -> tuple[str, str]:
        figures = self.figures
        return self.name.rpartition("/")[2], (
            f" {self.kind} #{self.incarnation} {self.doing}; "
            f"{figures.mailbox} waiting, {figures.handled} handled, {figures.failed} failed, "
            f"busy {figures.busy_s:.1f} s"
        )


def info_of(cell: Cell) -> ActorInfo:
    """Return what there is to say of an actor and those below it."""
    actor = cell.greenlet.actor if cell.greenlet is not None else None
    children = cell.children.cells() if cell.children is not None else ()
    return ActorInfo(
        name=cell.name,
        kind="" if actor is None else type(actor).__name__,
        incarnation=cell.incarnation,
        doing=cell.describe_work(),
        figures=cell.figures(),
        children=tuple(info_of(child) for child in children),
    )
