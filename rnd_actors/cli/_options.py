"""Options of the commands: the values they take, and where a value comes from.

A flag wins over a variable `RND_ACTORS_…`, that over the `--config` file, that over the default.
"""

import os
import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, cast

import typer

from rnd_actors import _validators as valid
from rnd_actors.cli._text import read_text
from rnd_actors.errors import SettingsConflictError, SettingsError

if TYPE_CHECKING:
    from rnd_actors.sinks import Existing

_PREFIX: Final = "RND_ACTORS"
OTHERWISE: Final = "unless --overwrite or --append is given"


class WrongValue(typer.BadParameter):
    """A value that an option does not take; the message names the option as its source does."""

    def __init__(self, accepted: str, got: object, where: str | None = None) -> None:
        super().__init__(accepted, param_hint=where)
        self._got = got

    def format_message(self) -> str:
        """Return the option, what it takes and what came, in one sentence."""
        where, context, option = self.param_hint, cast(typer.Context, self.ctx), self.param
        if option is not None and where is None:
            is_argument = option.param_type_name == "argument"
            where = option.metavar if is_argument else label(context, option.name)
        return str(SettingsError(str(where), self.message, self._got))


@dataclass(frozen=True)
class Kind:
    """Converts texts, and checks them and values of TOML: a `parser` of typer.

    Args:
        accepts: validates the values.
        convert: makes a value of a text; a text that raises ValueError stays a text.
        least: the least number, which `--help` shows.
        most: the greatest number, which `--help` shows.
    """

    accepts: valid.Validator
    convert: Callable[[str], object] = str
    least: int | None = None
    most: int | None = None

    def __call__(self, given: object, where: str | None = None) -> Any:
        """Return the value of a text or of TOML, or raise `WrongValue`."""
        value = given
        if isinstance(given, str):
            with suppress(ValueError):
                value = self.convert(given)
        try:
            valid.require(self.accepts, "", value)
        except SettingsError as error:
            raise WrongValue(error.accepted, value, where) from None
        return value


def whole_number(least: int, most: int) -> Kind:
    """Return the kind of the whole numbers in a range."""
    return Kind(valid.whole_number(least, most), int, least, most)


class CommandLine(tuple[str, ...]):
    """A program, and its arguments."""

    @classmethod
    def read(cls, text: str) -> "CommandLine":
        """Return the program at a path, which may contain spaces, or that of a command line."""
        words = [os.path.abspath(text)] if os.path.isfile(text) else _split(text)  # noqa: PTH100, PTH113
        if words:
            return cls(words)
        raise ValueError(text)

    @classmethod
    def find(cls, text: str) -> "CommandLine":
        """Return the same with the path of the program, which is to be executable here."""
        if (found := cls.read(text).found()) is None:
            raise ValueError(text)
        return found

    def found(self) -> "CommandLine | None":
        """Return it with the path of its program; None: there is no such one here."""
        path = shutil.which(self[0])
        return None if path is None else CommandLine((path, *self[1:]))


def _split(text: str, where: str | None = None) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise WrongValue("a command line that a shell could split", text, where) from None


class LogFormat(Enum):
    """The form of lines on stderr."""

    TEXT = "text"
    JSON = "json"


_SWITCHES: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_SWITCH: Final = Kind(
    valid.accepts("true or false", lambda value: value in (True, False)),
    lambda text: _SWITCHES.get(text.lower(), text),
)
_WORDS: Final = Kind(
    valid.instance(str, "a list of arguments, or a text that a shell could split into them")
)
TEXT: Final = Kind(valid.instance(str, "a text"))
SECONDS: Final = Kind(valid.seconds, float)
PATH: Final = Kind(valid.instance(Path, "a path"), lambda text: Path(text) if text else text)
EXECUTABLE: Final = "the path of an executable, or a command line that starts with one"
_is_program: Final = valid.instance(CommandLine, EXECUTABLE)
PROGRAM: Final = Kind(_is_program, CommandLine.find)
PROGRAM_SOMEWHERE: Final = Kind(_is_program, CommandLine.read)


def option(kind: Kind, metavar: str, text: str, *names: str, **others: Any) -> Any:
    """Return an option for `Annotated` that takes values of a kind."""
    return typer.Option(
        *names, parser=kind, metavar=metavar, help=text, min=kind.least, max=kind.most, **others
    )


def words(name: str, metavar: str, text: str) -> Any:
    """Return an option for `Annotated` that may be given many times."""
    return option(
        _WORDS, metavar, f"{text} May be given many times.", name, callback=_split_variable
    )


def _split_variable(
    context: typer.Context, given: typer.CallbackParam, values: list[str] | None
) -> list[str] | None:
    """Split a variable as a shell would: typer has split it at blanks."""
    if source(context, given.name) == "ENVIRONMENT":
        return _split(os.environ[label(context, given.name)])
    return values


def _flag(name: str, text: str) -> Any:
    return typer.Option(name, parser=_SWITCH, help=text)


WorkerArgs: TypeAlias = Annotated[
    list[str] | None, words("--worker-arg", "ARG", "Appended to the worker's own arguments.")
]
StartTimeout: TypeAlias = Annotated[
    float, option(SECONDS, "SECONDS", "How long a worker may take to listen.")
]
StallTimeout: TypeAlias = Annotated[
    float, option(SECONDS, "SECONDS", "Silence after which a worker counts as hung.")
]
Overwrite: TypeAlias = Annotated[
    bool, _flag("--overwrite", "Replace files that hold something already.")
]
Append: TypeAlias = Annotated[
    bool, _flag("--append", "Keep what .jsonl and .csv files hold, and write after it.")
]
Json: TypeAlias = Annotated[
    bool, _flag("--json", "The result as one JSON object on stdout, and nothing else there.")
]
Quiet: TypeAlias = Annotated[bool, _flag("--quiet", "Nothing on stderr but errors, even with -v.")]
Verbose: TypeAlias = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        parser=Kind(
            valid.accepts(
                "a whole number, 0 or more", lambda value: isinstance(value, int) and value >= 0
            ),
            int,
        ),
        count=True,
        show_default=False,
        help="Tell failures and restarts on stderr as they happen; -vv: tell every event.",
    ),
]
LogFormatOption: TypeAlias = Annotated[
    LogFormat,
    option(
        Kind(valid.instance(LogFormat, "text or json"), LogFormat),
        "text|json",
        "The form of lines on stderr.",
    ),
]


MetricsFile: TypeAlias = Annotated[
    Path | None,
    option(
        PATH,
        "FILE",
        "Write the metrics of the run there at its end, for Prometheus: a .prom file, replaced "
        "if it is there. It needs the extra rnd-actors[web].",
        show_default="none",
    ),
]


def existing_of(context: typer.Context, *, overwrite: bool, append: bool) -> "Existing":
    """Return what becomes of files that hold something already."""
    from rnd_actors.sinks import Existing  # noqa: PLC0415

    if overwrite and append:
        both = f"{label(context, 'append')} and {label(context, 'overwrite')}"
        raise SettingsConflictError(f"{both} exclude each other: choose one of them")
    if append:
        return Existing.APPEND
    return Existing.OVERWRITE if overwrite else Existing.REFUSE


def configure(context: typer.Context, config: Path | None) -> Path | None:
    """Take the keys of a TOML file as defaults; refuse keys and variables that are no option."""
    if context.resilient_parsing:  # a shell completes a line
        return config
    options = {param.name: param for param in context.command.params if param.name != "config"}
    prefix = f"{context.auto_envvar_prefix}_"
    given = [name for name, value in os.environ.items() if name.startswith(prefix) and value]
    variables = [prefix + name.upper() for name in options]
    _refuse_unknown("the environment", "the variables", given, variables, prefix)
    if config is not None:
        table = _parse(config)
        keys = [name.replace("_", "-") for name in options]
        _refuse_unknown(str(config), "the keys", table, keys)
        context.default_map = {}
        for key, value in table.items():
            name = key.replace("-", "_")
            is_text = options[name].multiple and isinstance(value, str)
            context.default_map[name] = _split(value, f"{key} in {config}") if is_text else value
    return config


def _refuse_unknown(
    source: str, kind: str, given: Iterable[str], known: Iterable[str], prefix: str = ""
) -> None:
    if unknown := sorted(set(given) - set(known)):
        words = [name.removeprefix(prefix) for name in known]
        similar = get_close_matches(unknown[0].removeprefix(prefix), words, n=1)
        hint = f" (did you mean {prefix}{similar[0]}?)" if similar else ""
        raise SettingsError(source, f"{kind} {', '.join(known)}{hint}", unknown[0])


def _parse(config: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415

    try:
        return tomllib.loads(read_text(config))
    except OSError as error:
        trouble = error.strerror
    except RecursionError:
        trouble = "its brackets are nested too deeply"
    except ValueError as error:
        trouble = str(error)
    raise SettingsError("--config", f"a TOML file that can be read ({trouble})", str(config))


def source(context: typer.Context, name: str) -> str:
    """Return where the value of an option comes from, as click calls it."""
    known = context.get_parameter_source(name)
    return known.name if known else "DEFAULT"


def label(context: typer.Context, name: str) -> str:
    """Return the name of an option in its source: a flag, a variable, a key of a file."""
    key = name.replace("_", "-")
    match source(context, name):
        case "ENVIRONMENT":
            return f"{context.auto_envvar_prefix or _PREFIX}_{name.upper()}"
        case "DEFAULT_MAP":
            return f"{key} in {context.params['config']}"
        case _:
            return f"--{key}"


@contextmanager
def naming_options(context: typer.Context, **options: str) -> Iterator[None]:
    """Have errors about settings name the options that set them, as their sources do.

    `options` are, by setting, those with another name.
    """
    try:
        yield
    except SettingsError as error:
        name = options.get(error.setting, error.setting)
        if name not in context.params:
            raise
        raise SettingsError(label(context, name), error.accepted, error.got) from None
