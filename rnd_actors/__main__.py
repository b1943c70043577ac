"""The command `rnd-actors`, also as `python -m rnd_actors`: patches first, then hands over."""

import os
import signal
import sys
from types import FrameType

from rnd_actors._standard_streams import secure_standard_streams

__all__ = ["main"]


def main() -> int:
    """Patch the process, run the command line and return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _exit)
    secure_standard_streams()

    from gevent import monkey  # noqa: PLC0415  # whoever interrupts this import gets no traceback

    monkey.patch_all()
    from rnd_actors import cli  # noqa: PLC0415  # whatever it imports has to be patched

    return cli.main()


def _exit(number: int, _: FrameType | None) -> None:
    """End the process before there is anything to be ended in order."""
    os._exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
