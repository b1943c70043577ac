"""A WSGI application with an actor behind it, served by gevent's own server."""

from gevent import monkey

monkey.patch_all()  # before any other import

import signal
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from attrs import frozen
from gevent.pywsgi import WSGIServer

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, ExitReason, Request


@frozen
class Visit(Request[int]):
    page: str


class Visits(Actor[Visit]):
    """Counts the visits of each page."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def receive(self, message: Visit) -> None:
        self.counts[message.page] += 1
        self.reply(message, self.counts[message.page])

    def on_stop(self, reason: ExitReason) -> None:
        print(f"counted {self.counts.total()} visits", flush=True)


def application_of(visits: ActorRef[Visit]) -> Callable[..., Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        page = environ["PATH_INFO"]
        number = visits.ask(Visit(page))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"visit {number} of {page}\n".encode()]

    return application


def main() -> None:
    with ActorSystem() as system:
        visits = system.start(ChildSpec("visits", Visits))
        server = WSGIServer(("127.0.0.1", 0), application_of(visits), spawn=1000)
        gevent.signal_handler(signal.SIGTERM, server.stop)
        server.start()
        print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
