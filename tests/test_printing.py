"""What users have made is printed whatever its methods do."""

import pytest

from rnd_actors.errors import SettingsError


class Wordless:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("got", [Wordless(), [Wordless()]])
def test_an_error_about_a_setting_can_be_printed_whatever_came(got: object) -> None:
    text = str(SettingsError("workers", "a whole number", got))
    assert text.startswith("workers takes a whole number; got <")
    assert "whose repr raises RuntimeError" in text
