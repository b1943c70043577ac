"""What a shell completes, asked as the shell asks."""

import os
import subprocess
from pathlib import Path

import pytest

from rnd_actors import cli
from tests.cli.commands import PATIENCE_S, SCRIPT


def completed(line: str) -> set[str]:
    """What bash offers at the end of this line, with the script that the command has given it."""
    words = line.split(" ")
    ask = (
        'eval "$(rnd-actors --show-completion bash)"; '
        f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
        '_rnd_actors_completion rnd-actors; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{Path(SCRIPT[0]).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", ask],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    return set(done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("rnd-actors ru", {"run", "runs"}),
        ("rnd-actors run --dead", {"--deadline"}),
    ],
)
def test_bash_completes_commands_and_options(line: str, offered: set[str]) -> None:
    assert completed(line) == offered


def test_help_says_how_to_get_the_command_and_its_completion(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for words in ("pipx install PATH", ".venv/bin/rnd-actors", "--install-completion"):
        assert words in told
