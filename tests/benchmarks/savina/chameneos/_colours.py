"""The colours of the creatures, the same for all peers."""

from typing import Literal, get_args

__all__ = ["COLOURS", "Colour", "complement"]

Colour = Literal["blue", "red", "yellow"]
COLOURS: tuple[Colour, ...] = get_args(Colour)


def complement(one: Colour, other: Colour) -> Colour:
    """Return what two creatures of these colours change to: the same one, or else the third."""
    if one == other:
        return one
    return next(colour for colour in COLOURS if colour not in (one, other))
