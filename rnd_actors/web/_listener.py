"""An address that is listened on: the names it is served by, and the token that opens it."""

import re
import secrets
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Final, Self, TypeAlias
from urllib.parse import urlsplit

from attrs import field, frozen

from rnd_actors import _validators as valid
from rnd_actors.errors import SettingsConflictError, SettingsError

Address: TypeAlias = tuple[str, int]
"""A host and a port; port 0 is a free one."""
_LOCAL: Final = ("127.0.0.1", "localhost", "[::1]")
_BACKLOG: Final = 128
_PORT: Final = valid.whole_number(0, 65535)
_ADDRESS: Final = valid.accepts(
    "a host and a port, like ('127.0.0.1', 8080)",
    lambda value: isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str),  # noqa: PLR2004
)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,200}")
_NAME: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_NAMES: Final = valid.accepts(
    "hosts, with a port where browsers send one, like ['actors.example.org:8443']",
    lambda value: (
        not isinstance(value, str)
        and all(isinstance(each, str) and _NAME.fullmatch(each) for each in value)
    ),
)
_TOKEN_BYTES: Final = 32
_HTTP_PORT: Final = 80


@frozen(eq=False)
class Listener:
    """An address on which a page is served, open from `listen` until `close`.

    It is a context manager, which closes it.

    Args:
        host: as it was given.
        port: on which it listens.
        token: which opens the page.
        is_token_given: whether somebody has chosen it, and so knows it already.
        names: the hosts, with their ports, by which it may be reached.
        is_local: whether this machine alone can reach it.
    """

    host: str
    port: int
    token: str = field(repr=False)
    is_token_given: bool
    names: frozenset[str]
    is_local: bool
    socket: Any = field(repr=False)

    @property
    def address(self) -> str:
        """Where the page is, without the token: it may be shown to anybody."""
        return f"http://{self._shown_host}:{self.port}/"

    @property
    def url(self) -> str:
        """Where the page is, with the token: whoever has it can look at everything and steer it."""
        return f"{self.address}?token={self.token}"

    @property
    def announced(self) -> str:
        """Where the page is, for those who have begun it: a token that they gave is not repeated.

        What a program prints is often kept in a log.
        """
        return f"{self.address}?token=…" if self.is_token_given else self.url

    def serves(self, host: str) -> bool:
        """Whether a request for this host, as in its `Host` header, is for this page.

        If it listens on all addresses of this machine, each IP address is one of them; a name would
        have to be known.
        """
        if host.lower() in self.names:
            return True
        if not _is_wildcard(self.host):
            return False
        try:
            given = urlsplit(f"//{host}")
            return (given.port or _HTTP_PORT) == self.port and bool(
                ip_address(given.hostname or "")
            )
        except ValueError:
            return False

    def close(self) -> None:
        """Listen no more; nothing happens the second time."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _shown_host(self) -> str:
        return _bracketed(socket.gethostname() if _is_wildcard(self.host) else self.host)


def listen(
    address: Address = ("127.0.0.1", 0), *, token: str | None = None, names: Iterable[str] = ()
) -> Listener:
    """Listen on an address, so that a page can be served there: connections wait until then.

    Args:
        address: a host and a port; port 0 is a free one. An address that other machines can reach
            needs a token of yours: there is no encryption, so whoever reads the traffic has it.
        token: 16 to 200 letters, digits, `-` and `_`; None: a random one of 32 bytes.
        names: further hosts by which the page is reached, as behind a reverse proxy; with their
            ports, if browsers send them.

    Raises:
        SettingsError: an argument is not accepted, or the address cannot be listened on.
        SettingsConflictError: other machines can reach the address, and there is no token.
    """
    valid.require(_ADDRESS, "address", address)
    host, port = address
    valid.require(_PORT, "port", port)
    names = names if isinstance(names, str) else tuple(names)
    valid.require(_NAMES, "names", names)
    if token is not None and not _TOKEN.fullmatch(str(token)):
        raise SettingsError(
            "token", "16 to 200 letters, digits, - and _", "a secret of another form"
        )
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError, TypeError, ValueError) as error:
        trouble = getattr(error, "strerror", None) or error
        raise SettingsError(
            "address", f"one that can be listened on ({trouble})", f"{host}:{port}"
        ) from error
    is_local = ip_address(listening.getsockname()[0]).is_loopback
    if token is None and not is_local:
        listening.close()
        raise SettingsConflictError(
            f"other machines can reach {host}, so that a page there needs a token of your own: "
            "there is no encryption, and whoever has the token steers everything"
        )
    bound = listening.getsockname()[1]
    hosts = {*_LOCAL, _bracketed(host), socket.gethostname()}
    served = {f"{each}:{bound}" for each in hosts} | (hosts if bound == _HTTP_PORT else set())
    return Listener(
        host=host,
        port=bound,
        token=token or secrets.token_urlsafe(_TOKEN_BYTES),
        is_token_given=token is not None,
        names=frozenset(name.lower() for name in (*served, *names)),
        is_local=is_local,
        socket=listening,
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_wildcard(host: str) -> bool:
    return host in ("", "0.0.0.0", "::")  # noqa: S104  # it is looked for, not listened on
