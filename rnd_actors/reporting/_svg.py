"""Figures of matplotlib as SVG that stands in a page: without pyplot, the same on every call."""

import re
from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["INK", "pictures"]

INK: Final = "#0a0b0c"
"""Stands for the colour of the text of the page."""
_WIDTHS_INCHES: Final = {"wide": 7.5, "narrow": 4.2}
"""Letters have the same size in both: one is for screens, the other one for phones."""
_STYLE: Final[dict[Any, Any]] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9,
    "grid.alpha": 0.15,
    "grid.color": INK,
    "legend.frameon": False,
    "path.simplify": False,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def pictures(name: str, height: float, draw: Callable[..., None]) -> dict[str, str]:
    """Return what `draw` draws as `<svg>` elements, one for each width of a page.

    Args:
        name: of the picture; no other one in the page has it.
        height: in inches.
        draw: is given the axes, and how many words stand side by side in a legend.
    """
    return {
        form: _picture(f"{name}-{form}", (width, height), partial(draw, columns=int(width // 1.5)))
        for form, width in _WIDTHS_INCHES.items()
    }


def _picture(name: str, size: tuple[float, float], draw: Callable[[Axes], None]) -> str:
    written = StringIO()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**_STYLE, "svg.hashsalt": name})
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", transparent=True, metadata=nothing)
    return _embedded(written.getvalue(), name)


def _embedded(svg: str, name: str) -> str:
    """Return the element itself, with ids of its own, in the ink of the page."""
    element = svg[svg.index("<svg ") :].replace(INK, "currentColor")
    return re.sub(r'( id="|"#|url\(#)', rf"\g<1>{name}-", element)
