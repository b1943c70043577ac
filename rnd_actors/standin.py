"""A stand-in for the third-party worker: its command line, its HTTP and its ways to fail.

    python -I -S standin.py -port 3001
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
import posix
import select
import sys
import time

TYPE_CHECKING = False  # type checkers take any variable of this name for the one in `typing`
if TYPE_CHECKING:
    from typing import Never, TypeVar

    T = TypeVar("T", bound="float | str")
HOST = "127.0.0.1"
NEVER = float("inf")
LONGEST_POLL = 3600.0  # seconds: `poll` takes no infinity
LONGEST_REQUEST = 4096  # bytes
CHUNKED = "Transfer-Encoding: chunked"
PLAIN_TEXT = "Content-Type: text/plain"
STREAM = ("Cache-Control: no-cache", "Connection: keep-alive", "Content-Type: application/text")
NOISE = b"noise" * 12 + b"...\n"  # 64 bytes: 16 of them are a KiB

STATUSES = {"302": "302 Found", "429": "429 Too Many Requests", "500": "500 Internal Server Error"}
ANSWERS = ("stream", *STATUSES, "type", "id", "length", "headers", "garbage", "close", "silence")
MALFORMED = {  # how a line begins, and how often that is repeated
    "word": (b"oops", 1),
    "fraction": (b"rnd=1.5", 1),
    "digits": (b"rnd=1234567890123456789", 1),
    "bytes": (b"rnd=\xff\xfe", 1),
    "megabytes": (b"rnd=1234", 262_144),
}


class Flag:
    """A flag of the command line; its values are of the type of its default."""

    def __init__(
        self,
        meaning: str,
        default: float | str,
        least: int,
        most: float,
        choices: "tuple[str, ...]",
    ) -> None:
        self.meaning, self.default, self.choices = meaning, default, choices
        self.least, self.most = least, most
        self.kind: type = type(default)
        number = f"seconds, at least {least}" if most == NEVER else f"a number, {least} to {most}"
        self.accepted = {
            bool: "true or false",
            int: f"an integer of at least {least}",
            float: number,
            str: f"one of {', '.join(choices)}",
        }[self.kind]

    def parse(self, text: str) -> float | str:
        if self.kind is bool:
            return ("false", "true").index(text) == 1
        if self.kind is str:
            return self.choices[self.choices.index(text)]
        value = float(text) if self.kind is float else int(text)
        if not self.least <= value <= self.most or value == NEVER:
            raise ValueError(text)
        return value


FLAGS: dict[str, Flag] = {}


def flag(
    name: str,
    meaning: str,
    *,
    default: "T",
    least: int = 0,
    most: float = NEVER,
    choices: "tuple[str, ...]" = (),
) -> "T":
    FLAGS[name] = Flag(meaning, default, least, most, choices)
    return default


class Options:
    """The flags of the command line, each with its default."""

    # The contract
    worker_id = flag("workerId", "number of this worker, sent as X-Worker-Id", default=1)
    port = flag("port", "port to listen on; 0 takes a free one and logs it", default=3001)
    # Time
    interval = flag("interval", "time between chunks; 0 is as fast as they are read", default=1.0)
    first_delay = flag("first-delay", "time before the first number of each response", default=0.0)
    start_delay = flag("start-delay", "time before it listens", default=0.0)
    slow_share = flag("slow-share", "chance of a process to be slow, 0 to 1", default=0.0, most=1)
    slow_factor = flag("slow-factor", "times the interval of a slow process", default=4, least=1)
    deaf = flag("deaf", "log that it started, but never listen", default=False)
    # Lines
    seed = flag("seed", "fixes the numbers and the crashes; 0 does not", default=0)
    consecutive = flag("consecutive", "count 0, 1, 2, ... over all responses", default=False)
    crlf = flag("crlf", "end lines in CRLF", default=False)
    empty_every = flag("empty-every", "an empty line after every N-th; 0 is never", default=0)
    malformed_every = flag("malformed-every", "every N-th line is no number; 0 is never", default=0)
    malformed = flag(
        "malformed",
        f"what stands in such a line: {', '.join(MALFORMED)}",
        default="word",
        choices=(*MALFORMED,),
    )
    # Chunks
    lines_per_chunk = flag("lines-per-chunk", "numbers sent in one chunk", default=1, least=1)
    bytes_per_chunk = flag("bytes-per-chunk", "split chunks after N bytes; 0 does not", default=0)
    # Crashes
    flaky = flag("flaky", "crash after 2 to 8 intervals; seconds if -interval 0", default=False)
    mtbf = flag("mtbf", "mean of an exponential time from start to crash; 0 is never", default=0.0)
    crash_after = flag("crash-after", "crash that long after the start; 0 is never", default=0.0)
    crash_at = flag("crash-at", "crash before the N-th number of all; 0 is never", default=0)
    crash_every = flag("crash-every", "crash before one number in N at random; 0 never", default=0)
    crash_at_once = flag("crash-at-once", "crash before anything else", default=False)
    cut = flag("cut", "crash in the middle of a line", default=False)
    exit_code = flag("exit-code", "exit code of a crash", default=2)
    exit_signal = flag("exit-signal", "signal that ends it in a crash; 0 is none", default=0)
    hang_at = flag("hang-at", "fall silent before the N-th number of all; 0 is never", default=0)
    # HTTP
    answer = flag(
        "answer",
        "what a request gets: a stream, one with the wrong content type or id, one of a known\n"
        f"\tlength, too many headers, ...: {', '.join(ANSWERS)}",
        default="stream",
        choices=ANSWERS,
    )
    answers = flag("answers", "how many requests get that before streams; 0 is all", default=0)
    # The process
    ignore_term = flag("ignore-term", "ignore SIGTERM", default=False)
    child = flag("child", "have a child that ignores SIGTERM and lives on", default=False)
    noise = flag("noise", "KiB written to stdout and to stderr before each chunk", default=0)


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # Python's own would print a traceback
    if options.ignore_term:
        _signal.signal(_signal.SIGTERM, _signal.SIG_IGN)
    if options.child:
        have_child()
    Worker(options).run()


def have_child() -> None:
    """Fork a child that lives on; it ignores SIGTERM from its first moment."""
    handler = _signal.signal(_signal.SIGTERM, _signal.SIG_IGN)
    pid = posix.fork()
    while not pid:
        time.sleep(LONGEST_POLL)
    _signal.signal(_signal.SIGTERM, handler)
    sys.stderr.write(f"worker has a child: {pid}\n")


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
    return "Usage of worker (floats are seconds, unless they are a chance):\n" + "".join(
        f"  -{name} {flag.kind.__name__}\n\t{flag.meaning} (default {str(flag.default).lower()})\n"
        for name, flag in FLAGS.items()
    )


def log_survival(chance: float) -> float:
    """Return the logarithm of 1 - chance, the probability that something does not happen."""
    import math  # noqa: PLC0415  # some ways to crash alone are to pay for it

    return math.log1p(-chance) if chance < 1 else -NEVER


class Lines:
    """The lines that the process sends, one after another."""

    def __init__(self, options: Options, random: _random.Random) -> None:
        self.options, self.random = options, random
        self.sent = 0
        self.crash_at = options.crash_at or NEVER
        if options.crash_every:  # before each number it is as likely as before the last one
            numbers = log_survival(random.random()) // log_survival(1 / options.crash_every)
            self.crash_at = min(self.crash_at, 1 + numbers)

    def next(self) -> bytes:
        options, ending = self.options, b"\r\n" if self.options.crlf else b"\n"
        number = self.sent if options.consecutive else int(100 * self.random.random())
        self.sent += 1
        line = b"rnd=%d" % number
        if options.malformed_every and self.sent % options.malformed_every == 0:
            beginning, times = MALFORMED[options.malformed]
            line = beginning * times
        is_followed = options.empty_every and self.sent % options.empty_every == 0
        return line + ending * (2 if is_followed else 1)

    def next_chunk(self, most: int) -> bytes:
        """Return chunks of at most so many lines, up to where the process crashes or hangs."""
        end = min(self.crash_at, self.options.hang_at or NEVER)
        count = int(min(most, end - 1 - self.sent))
        data = b"".join([self.next() for _ in range(count)])
        size = self.options.bytes_per_chunk or len(data)
        return b"".join([chunk(data[i : i + size]) for i in range(0, len(data), size)])


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
        self.lines = Lines(options, self.random)
        is_slow = options.slow_share and self.random.random() < options.slow_share
        self.interval = options.interval * (options.slow_factor if is_slow else 1)
        self.poll = select.poll()
        self.clients: dict[int, Client] = {}
        self.reader: Client | None = None
        self.lines_left = 0
        self.due = NEVER
        self.refusals = 0

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
        if self.options.crash_at_once:
            return 0.0
        lifetime = self.options.crash_after or NEVER
        if self.options.flaky:
            intervals = 2 + 6 * self.random.random()
            lifetime = min(lifetime, intervals * (self.options.interval or 1))
        if self.options.mtbf:
            lifetime = min(lifetime, -self.options.mtbf * log_survival(self.random.random()))
        return lifetime

    def turn(self) -> float:
        """When the next chunk is due to a reader that has taken the one before."""
        return self.due if self.reader and not self.reader.outbox else NEVER

    def listen(self) -> _socket.socket:
        listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self.options.port))
            if not self.options.deaf:
                listener.listen()
        except (OSError, OverflowError) as error:
            sys.exit(f"worker: cannot listen on {HOST}:{self.options.port}: {error}")
        listener.settimeout(0)
        if not self.options.deaf:
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
                client.closing = True  # its body is not read, so what follows it is lost
                self.refuse(client, "405 Method Not Allowed", "Allow: GET", "Connection: close")
            elif path != b"/rnd":
                self.refuse(client, "404 Not Found")
            elif not n.isdigit() or int(n) == 0:
                self.refuse(client, "400 Bad Request")
            elif self.reader:
                self.refuse(client, STATUSES["429"])
            elif self.options.answer == "stream" or self.refusals == (self.options.answers or -1):
                self.stream(client, int(n))
            else:
                self.refusals += 1
                self.misbehave(client, int(n))

    def stream(self, client: Client, n: int, *headers: str, worker_id: int = 0) -> None:
        headers = headers or STREAM
        client.outbox += self.head("200 OK", *headers, CHUNKED, worker_id=worker_id)
        self.reader, self.lines_left = client, n
        self.due = time.monotonic() + self.options.first_delay

    def misbehave(self, client: Client, n: int) -> None:
        """Answer in the way that was asked for; after "silence" the request stays open for ever."""
        kind = self.options.answer
        if kind in STATUSES:
            headers = ("Location: /rnd",) if kind == "302" else ()
            self.refuse(client, STATUSES[kind], *headers)
        elif kind == "type":
            self.stream(client, n, "Content-Type: text/html")
        elif kind == "id":
            self.stream(client, n, worker_id=self.options.worker_id + 1)
        elif kind == "headers":
            flood = (f"X-Flood-{i}: {'x' * 1000}" for i in range(1000))
            self.stream(client, n, *STREAM, *flood)
        elif kind == "length":
            body = b"".join([self.lines.next() for _ in range(min(n, 100))])
            length = f"Content-Length: {len(body)}"
            client.outbox += self.head("200 OK", *STREAM, length) + body
        elif kind == "garbage":
            client.outbox += b"\x00\xff\r\n\r\n" * 100
            client.closing = True
        elif kind == "close":
            client.closing = True

    def refuse(self, client: Client, status: str, *headers: str) -> None:
        body = f"{status}\n".encode()
        headers += (PLAIN_TEXT, f"Content-Length: {len(body)}")
        client.outbox += self.head(status, *headers) + body

    def head(self, status: str, *headers: str, worker_id: int = 0) -> bytes:
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        common = (f"X-Worker-Id: {worker_id or self.options.worker_id}", f"Date: {date}")
        return "\r\n".join((f"HTTP/1.1 {status}", *headers, *common, "\r\n")).encode()

    def produce(self, reader: Client) -> None:
        """Send one chunk, which stops short of a number that is not to be sent."""
        for output in (1, 2) if self.options.noise else ():
            posix.write(output, 16 * self.options.noise * NOISE)
        if self.lines.sent + 1 == self.lines.crash_at:
            self.crash()
        if self.lines.sent + 1 == self.options.hang_at:
            self.due = NEVER
            return
        sent_before = self.lines.sent
        reader.outbox = self.lines.next_chunk(min(self.options.lines_per_chunk, self.lines_left))
        self.lines_left -= self.lines.sent - sent_before
        self.due += self.interval
        if not self.lines_left:
            reader.outbox += chunk(b"")
            self.reader = None
            self.answer(reader)
        self.flush(reader)

    def crash(self) -> "Never":
        sent = self.lines.sent
        if self.options.cut and self.reader:
            self.reader.outbox += chunk(self.lines.next().rstrip()[:-1])
            self.flush(self.reader)
        sys.stderr.write(f"panic: out of luck after {sent} numbers\n")
        if self.options.exit_signal:
            posix.kill(posix.getpid(), self.options.exit_signal)
        posix._exit(self.options.exit_code)  # noqa: SLF001


def chunk(data: bytes) -> bytes:
    """Frame data for the chunked encoding; no data is the chunk that ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


if __name__ == "__main__":
    main(sys.argv[1:])
