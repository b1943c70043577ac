"""A stand-in for the third-party worker: its command line, its HTTP and its ways to fail.

    python -I -S _standin.py -port 3001
    curl -N 'http://127.0.0.1:3001/rnd?n=100'

`-help` explains every flag. Sixteen of these start at once on two cores, so a start must cost
next to nothing: the program is one file that imports C modules only (`argparse`, `random`,
`signal` and `socket` are written in Python), and `-I -S` spares the search for packages.

One thread turns one `poll` loop. A chunk is made only when its reader has taken the one before,
so a slow reader holds up its own stream and nothing else.
"""

import _random
import _signal  # type: ignore[import-not-found]  # typeshed has only `signal`
import _socket
import math
import posix
import select
import sys
import time

TYPE_CHECKING = False  # type checkers take any variable of this name for the one in `typing`
if TYPE_CHECKING:
    from typing import Never, TypeVar

    T = TypeVar("T", bound=float)

HOST = "127.0.0.1"
NEVER = float("inf")
LONGEST_POLL = 3600.0  # seconds: `poll` takes no infinity
LONGEST_REQUEST = 4096  # bytes
STREAM_HEADERS = (
    "Cache-Control: no-cache",
    "Connection: keep-alive",
    "Content-Type: application/text",
    "Transfer-Encoding: chunked",
)


class Flag:
    """A flag of the command line; its values are of the type of its default."""

    def __init__(self, meaning: str, default: int | float, least: int) -> None:
        self.meaning, self.default, self.least = meaning, default, least
        self.kind = type(default)
        self.accepted = {
            bool: "true or false",
            int: f"an integer of at least {least}",
            float: f"seconds, at least {least}",
        }[self.kind]

    def parse(self, text: str) -> float:
        if self.kind is bool:
            return ("false", "true").index(text) == 1
        value = self.kind(text)
        if not self.least <= value < NEVER:
            raise ValueError(text)
        return value


FLAGS: dict[str, Flag] = {}


def flag(name: str, meaning: str, *, default: "T", least: int = 0) -> "T":
    FLAGS[name] = Flag(meaning, default, least)
    return default


class Options:
    """The flags of the command line, each with its default."""

    worker_id = flag("workerId", "number of this worker, sent as X-Worker-Id", default=1)
    port = flag("port", "port to listen on; 0 takes a free one and logs it", default=3001)
    interval = flag("interval", "time between chunks; 0 is as fast as they are read", default=1.0)
    first_delay = flag("first-delay", "time before the first number of each response", default=0.0)
    start_delay = flag("start-delay", "time before it listens", default=0.0)
    lines_per_chunk = flag("lines-per-chunk", "numbers sent in one chunk", default=1, least=1)
    seed = flag("seed", "fixes the numbers and the lifetime; 0 does not", default=0)
    consecutive = flag("consecutive", "count 0, 1, 2, ... over all responses", default=False)
    malformed_every = flag("malformed-every", "every N-th line is no number; 0 is never", default=0)
    flaky = flag("flaky", "crash after 2 to 8 intervals; seconds if -interval 0", default=False)
    crash_after = flag("crash-after", "crash that long after the start; 0 is never", default=0.0)
    mtbf = flag("mtbf", "mean of an exponential time from start to crash; 0 is never", default=0.0)
    crash_at = flag("crash-at", "crash before the N-th number of all; 0 is never", default=0)
    cut = flag("cut", "crash in the middle of a line", default=False)
    exit_code = flag("exit-code", "exit code of a crash", default=2)
    hang_at = flag("hang-at", "fall silent before the N-th number of all; 0 is never", default=0)
    ignore_term = flag("ignore-term", "ignore SIGTERM", default=False)


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # Python's own would print a traceback
    if options.ignore_term:
        _signal.signal(_signal.SIGTERM, _signal.SIG_IGN)
    Worker(options).run()


def parse(arguments: list[str]) -> Options:
    options, rest = Options(), iter(arguments)
    for argument in rest:
        name, equals, text = argument.removeprefix("-").removeprefix("-").partition("=")
        if not argument.startswith("-"):
            reject(f"unexpected argument {argument!r}, expected a flag such as -port 3001")
        if name in ("h", "help"):
            sys.stderr.write(usage())
            sys.exit(0)
        if name not in FLAGS:
            reject(f"unknown flag -{name}, expected one of -{', -'.join(FLAGS)}")
        if not equals:
            text = "true" if FLAGS[name].kind is bool else next(rest, "")
        try:
            value = FLAGS[name].parse(text)
        except ValueError:
            reject(f"invalid value {text!r} for flag -{name}, expected {FLAGS[name].accepted}")
        setattr(options, "worker_id" if name == "workerId" else name.replace("-", "_"), value)
    return options


def reject(complaint: str) -> "Never":
    sys.stderr.write(f"worker: {complaint}\n{usage()}")
    sys.exit(2)


def usage() -> str:
    return "Usage of worker (floats are seconds):\n" + "".join(
        f"  -{name} {flag.kind.__name__}\n\t{flag.meaning} (default {str(flag.default).lower()})\n"
        for name, flag in FLAGS.items()
    )


class Client:
    """A connection, what it asked that is not answered yet and what is still to be sent."""

    def __init__(self, sock: _socket.socket) -> None:
        self.sock = sock
        self.inbox = self.outbox = b""
        self.closing = False


class Worker:
    """The poll loop: any number of clients, of which one at most is the reader of a stream."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.random = _random.Random(options.seed or None)
        self.poll = select.poll()
        self.clients: dict[int, Client] = {}
        self.reader: Client | None = None
        self.lines_left = 0
        self.due = NEVER
        self.sent = 0

    def run(self) -> None:
        lifetime, start_delay = self.lifetime(), self.options.start_delay
        doom = time.monotonic() + lifetime
        time.sleep(min(start_delay, lifetime))
        if lifetime <= start_delay:
            self.crash()
        listener = self.listen()
        while True:
            wait = min(doom, self.turn()) - time.monotonic()
            for descriptor, events in self.poll.poll(1000 * max(0, min(wait, LONGEST_POLL))):
                if descriptor == listener.fileno():
                    self.accept(listener)
                elif events & select.POLLOUT:
                    self.flush(self.clients[descriptor])
                else:
                    self.read(self.clients[descriptor])
            now = time.monotonic()
            if now >= doom:
                self.crash()
            if self.reader and now >= self.turn():
                self.produce(self.reader)

    def lifetime(self) -> float:
        lifetime = self.options.crash_after or NEVER
        if self.options.flaky:
            intervals = 2 + 6 * self.random.random()
            lifetime = min(lifetime, intervals * (self.options.interval or 1))
        if self.options.mtbf:
            lifetime = min(lifetime, -self.options.mtbf * math.log1p(-self.random.random()))
        return lifetime

    def turn(self) -> float:
        """When the next chunk is due to a reader that has taken the one before."""
        return self.due if self.reader and not self.reader.outbox else NEVER

    def listen(self) -> _socket.socket:
        listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self.options.port))
            listener.listen()
        except (OSError, OverflowError) as error:
            sys.exit(f"worker: cannot listen on {HOST}:{self.options.port}: {error}")
        listener.settimeout(0)
        self.poll.register(listener, select.POLLIN)
        port = listener.getsockname()[1]
        sys.stderr.write(f"worker {self.options.worker_id} started on {HOST}:{port}\n")
        return listener

    def accept(self, listener: _socket.socket) -> None:
        try:
            descriptor, _ = listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001
        except OSError:  # gone before its turn
            return
        sock = _socket.socket(fileno=descriptor)
        sock.settimeout(0)
        sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self.clients[descriptor] = Client(sock)
        self.poll.register(sock, select.POLLIN)

    def read(self, client: Client) -> None:
        try:
            data = client.sock.recv(LONGEST_REQUEST)
        except OSError:
            data = b""
        client.inbox += data
        if not data or len(client.inbox) > LONGEST_REQUEST:
            self.drop(client)
        else:
            self.answer(client)
            self.flush(client)

    def flush(self, client: Client) -> None:
        try:
            client.outbox = client.outbox[client.sock.send(client.outbox) :]
        except BlockingIOError:
            pass
        except OSError:
            client.closing, client.outbox = True, b""
        if client.closing and not client.outbox:
            self.drop(client)
        else:
            waiting = select.POLLOUT if client.outbox else 0
            self.poll.modify(client.sock, select.POLLIN | waiting)

    def drop(self, client: Client) -> None:
        del self.clients[client.sock.fileno()]
        self.poll.unregister(client.sock)
        client.sock.close()
        if client is self.reader:
            self.reader = None

    def answer(self, client: Client) -> None:
        """Answer the requests that are complete; those behind a stream wait for its end."""
        while client is not self.reader and not client.closing and b"\r\n\r\n" in client.inbox:
            request, _, client.inbox = client.inbox.partition(b"\r\n\r\n")
            method, _, rest = request.partition(b" ")
            path, _, query = rest.partition(b" ")[0].partition(b"?")
            n = dict(pair.partition(b"=")[::2] for pair in query.split(b"&")).get(b"n", b"")
            if method != b"GET":
                client.closing = True  # where its body ends is nobody's business here
                self.refuse(client, "405 Method Not Allowed", "Allow: GET", "Connection: close")
            elif path != b"/rnd":
                self.refuse(client, "404 Not Found")
            elif not n.isdigit() or int(n) == 0:
                self.refuse(client, "400 Bad Request")
            elif self.reader:
                self.refuse(client, "429 Too Many Requests")
            else:
                client.outbox += self.head("200 OK", *STREAM_HEADERS)
                self.reader, self.lines_left = client, int(n)
                self.due = time.monotonic() + self.options.first_delay

    def refuse(self, client: Client, status: str, *headers: str) -> None:
        body = f"{status}\n".encode()
        headers += ("Content-Type: text/plain", f"Content-Length: {len(body)}")
        client.outbox += self.head(status, *headers) + body

    def head(self, status: str, *headers: str) -> bytes:
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        common = (f"X-Worker-Id: {self.options.worker_id}", f"Date: {date}")
        return "\r\n".join((f"HTTP/1.1 {status}", *headers, *common, "\r\n")).encode()

    def produce(self, reader: Client) -> None:
        """Send one chunk, which stops short of a number that is not to be sent."""
        crash_at, hang_at = self.options.crash_at, self.options.hang_at
        if self.sent + 1 == crash_at:
            self.crash()
        if self.sent + 1 == hang_at:
            self.due = NEVER
            return
        before_the_end = (end - 1 - self.sent for end in (crash_at, hang_at) if end)
        count = min(self.options.lines_per_chunk, self.lines_left, *before_the_end)
        reader.outbox = chunk(b"".join([self.line() for _ in range(count)]))
        self.lines_left -= count
        self.due += self.options.interval
        if not self.lines_left:
            reader.outbox += chunk(b"")
            self.reader = None
            self.answer(reader)
        self.flush(reader)

    def line(self) -> bytes:
        number = self.sent if self.options.consecutive else int(100 * self.random.random())
        self.sent += 1
        every = self.options.malformed_every
        return b"oops\n" if every and self.sent % every == 0 else b"rnd=%d\n" % number

    def crash(self) -> "Never":
        if self.options.cut and self.reader:
            self.reader.outbox += chunk(self.line()[:-2])
            self.flush(self.reader)
        sys.stderr.write("panic: out of luck\n")
        posix._exit(self.options.exit_code)  # noqa: SLF001


def chunk(data: bytes) -> bytes:
    """Frame data for the chunked encoding; no data is the chunk that ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


if __name__ == "__main__":
    main(sys.argv[1:])
