"""The command `rnd-actors`, also as `python -m rnd_actors`: patches first, then hands over."""

import os
import signal
import sys
from types import FrameType

__all__ = ["main"]


def main() -> int:
    """Patch the process, run the command line and return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _exit)
    from rnd_actors._descriptors import secure_standard_streams  # noqa: PLC0415

    secure_standard_streams()
    try:
        from gevent import config, monkey  # noqa: PLC0415  # without a traceback on an interrupt

        config.loop  # noqa: B018  # it is imported when it is first asked for
        monkey.patch_all()
    except (ImportError, TypeError, ValueError) as error:
        loop = os.environ.get("GEVENT_LOOP")
        what = f"have the event loop {loop!r}" if loop else "be loaded"
        sys.stderr.write(f"rnd-actors: gevent cannot {what}: {error}\n")
        return 1
    from rnd_actors import cli  # noqa: PLC0415  # whatever it imports has to be patched

    return cli.main()


def _exit(number: int, _: FrameType | None) -> None:
    """End the process before there is anything to be ended in order."""
    os._exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
