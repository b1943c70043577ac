"""How likely it is that so many samples come."""

from math import erf, sqrt
from typing import Final

_STEADIEST: Final = 1e-3
_LEAST_SHAPE: Final = 1e-12
"""Keeps its reciprocal finite, however large the dispersion is."""


def chance_of(count: float, mean: float, dispersion: float = 1.0) -> float:
    """Return the probability that `count` or more samples come where `mean` are expected.

    With dispersion 1 that is the tail of a Poisson distribution, on which the confidence limits of
    F. Garwood rest ("Fiducial limits for the Poisson distribution", Biometrika 1936): the last of
    these samples comes after a time with a gamma distribution. Its shape is `count`, and for gaps
    that are steadier than chance, or less steady, `count / dispersion`. The tail is that of E. B.
    Wilson and M. M. Hilferty ("The distribution of chi-square", PNAS 1931), right within 0.012 for
    a shape of 1, and within 0.001 from 6 on.

    Args:
        count: how many, 0 or more.
        mean: how many are expected, 0 or more.
        dispersion: variance by mean of their number; 0 is a clock.
    """
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    shape = max(count / max(dispersion, _STEADIEST), _LEAST_SHAPE)
    deviation = (mean / count) ** (1 / 3) - (1 - 1 / (9 * shape))
    return (1 + erf(3 * sqrt(shape) * deviation / sqrt(2))) / 2
