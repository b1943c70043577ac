"""Crashes that nobody needs to read about."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["silence"]


@contextmanager
def silence(name: str) -> Iterator[None]:
    """Keep the logger of that name from logging anything below CRITICAL in a `with` block."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
