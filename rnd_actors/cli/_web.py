"""The options of the page of a run, and the address that they open for it."""

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from rnd_actors import _validators as valid
from rnd_actors.cli._options import Kind, label, option, source, words
from rnd_actors.cli._text import complain
from rnd_actors.errors import SettingsConflictError, SettingsError

if TYPE_CHECKING:
    from rnd_actors.web import Listener

_VARIABLE: Final = "RND_ACTORS_WEB_TOKEN"
_LOCAL: Final = "127.0.0.1"
_OPTIONS: Final = {"token": "web_token", "names": "web_name"}
"""The options that have other names than the arguments of `listen`."""
_ADDRESS: Final = re.compile(r"(?:(\[[0-9A-Fa-f:.%]+\]|[^\s:\[\]]+):)?(\d{1,5})")

Web: TypeAlias = Annotated[
    str | None,
    option(
        Kind(
            valid.accepts(
                "[HOST:]PORT, like 8080 or 0.0.0.0:8080; port 0 is a free one",
                lambda value: _ADDRESS.fullmatch(str(value)) is not None,
            )
        ),
        "[HOST:]PORT",
        "Serve a page there, on which the run is watched and steered; its address is printed. "
        "It needs the extra rnd-actors[web].",
        show_default="none",
    ),
]
WebName: TypeAlias = Annotated[
    list[str] | None,
    words("--web-name", "HOST", "A further name of the page, as behind a reverse proxy."),
]
WebToken: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="TOKEN",
        envvar=_VARIABLE,
        show_default="a random one",
        help="What opens the page: 16 letters, digits, - and _ or more. A HOST that other machines "
        f"reach needs it. Never give it as a flag: {_VARIABLE} or the --config file hold it.",
    ),
]


def open_page(
    context: typer.Context,
    web: str | None,
    names: Sequence[str] | None,
    token: str | None,
    *,
    quiet: bool,
) -> "Listener | None":
    """Listen on the address of the page; return None if there is to be none.

    Raises:
        SettingsConflictError: the token is a flag, or nobody would know it; other machines can
            reach the address, and there is none; or the extra `rnd-actors[web]` is not installed.
        SettingsError: the address cannot be listened on, or the token has another form.
    """
    os.environ.pop(_VARIABLE, None)  # the workers need not know it
    if source(context, "web_token") == "COMMANDLINE":
        raise SettingsConflictError(
            "--web-token is no flag, since all users can list those of a process: set "
            f"{_VARIABLE}, or web-token in the --config file of run"
        )
    if web is None:
        return None
    named = label(context, "web")
    if quiet and token is None:
        raise SettingsConflictError(
            f"{named} with {label(context, 'quiet')} needs a token of your own ({_VARIABLE}), "
            "since nothing tells you the one that is made"
        )
    try:
        from rnd_actors.web import listen  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise SettingsConflictError(f"{named} cannot be had: {error}") from error
    host, port = _parsed(web)
    try:
        listener = listen((host, port), token=token, names=names or ())
    except SettingsConflictError as error:
        raise SettingsConflictError(f"{named}: {error} ({_VARIABLE})") from error
    except SettingsError as error:
        name = _OPTIONS.get(error.setting, "web")
        raise SettingsError(label(context, name), error.accepted, error.got) from error
    if not (listener.is_local or quiet):
        complain(
            f"other machines can reach {listener.address} and nothing is encrypted: whoever reads "
            "the traffic can steer this run"
        )
    return listener


def _parsed(web: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(str(web))
    host, port = found.groups() if found else (None, "0")
    return (host or _LOCAL).strip("[]"), int(port)
