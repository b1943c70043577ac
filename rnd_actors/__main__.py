"""The command `rnd-actors`, also as `python -m rnd_actors`: patches first, then hands over."""

import sys

from gevent import monkey

__all__ = ["main"]


def main() -> int:
    """Patch the process, run the command line and return the exit code."""
    monkey.patch_all()
    from rnd_actors import cli  # noqa: PLC0415  # whatever it imports has to be patched

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
