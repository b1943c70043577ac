"""What a pywsgi server in the same process feels of ten thousand busy actors.

Each actor handles one message a second, at a moment of its own. A client in another process asks
the server again and again, with a connection for each request; the table has the milliseconds that
half of the requests, and all but a hundredth, took at most.

`python -m tests.benchmarks.beside_a_server`
"""

from gevent import monkey

monkey.patch_all()

import logging
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer

from rnd_actors import Actor, ActorSystem, ChildSpec

ACTORS = 10_000
REQUESTS = 1_000
CLIENT = """
import http.client, sys, time
took = []
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()
    took.append((time.perf_counter() - began) * 1000)
took.sort()
print(took[len(took) // 2], took[len(took) * 99 // 100])
"""


class Busy(Actor[int]):
    """Tells itself a number in a second or so, for ever."""

    def receive(self, message: int) -> None:
        """Count on."""
        self.after(2 * random.random(), message + 1)


def answer(_: object, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request."""
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def percentiles(port: int | None) -> tuple[float, float]:
    """Return the median and the 99th percentile of the requests, in milliseconds."""
    command = [sys.executable, "-c", CLIENT, str(port), str(REQUESTS)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    median, slow = map(float, printed.split())
    return median, slow


def main() -> None:
    """Print what requests took without and with the actors."""
    logging.disable(logging.CRITICAL)
    server = WSGIServer(("127.0.0.1", 0), answer, log=None)
    server.start()
    print("| | median, ms | 99 % within, ms |\n| --- | --- | --- |")
    idle = percentiles(server.server_port)
    print(f"| the server alone | {idle[0]:.2f} | {idle[1]:.2f} |")
    with ActorSystem() as system:
        for number in range(ACTORS):
            system.start(ChildSpec(str(number), Busy)).tell(0)
        gevent.sleep(3)
        busy = percentiles(server.server_port)
    print(f"| beside {ACTORS:,} actors | {busy[0]:.2f} | {busy[1]:.2f} |")
    print(f"\nThe 99th percentile is {busy[1] / idle[1]:.1f} times that of the server alone.")
    server.stop()


if __name__ == "__main__":
    main()
