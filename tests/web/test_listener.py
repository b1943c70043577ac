"""Where a page listens, what it is called, and who needs a token."""

import socket
from typing import Any

import pytest

from rnd_actors.errors import SettingsConflictError, SettingsError
from rnd_actors.web import listen

TOKEN = "a-token-of-16-characters"


def test_a_listener_has_a_free_port_and_a_token_of_its_own() -> None:
    with listen() as first, listen() as second:
        assert first.port != second.port
        assert first.token != second.token
        assert len(first.token) == 43
        assert first.is_local
        assert first.address == f"http://127.0.0.1:{first.port}/"
        assert first.url == f"{first.address}?token={first.token}"


def test_a_port_in_use_is_refused_in_words() -> None:
    with listen() as first:
        told = f"address takes one that can be listened on .*in use.*; got '127.0.0.1:{first.port}'"
        with pytest.raises(SettingsError, match=told):
            listen(("127.0.0.1", first.port))


@pytest.mark.parametrize("host", ["no.such.host.invalid", "1.2.3.4", "x" * 300, "a b"])
def test_a_host_that_is_not_here_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="address takes one that can be listened on"):
        listen((host, 0), token=TOKEN)


@pytest.mark.parametrize("port", [-1, 65536, True, "80"])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(SettingsError, match="port takes a whole number from 0 to 65535"):
        listen(("127.0.0.1", port))


@pytest.mark.parametrize("address", ["127.0.0.1:8080", 8080, (), ("a", 1, 2), (b"a", 1), None])
def test_an_address_of_another_form_is_refused(address: Any) -> None:
    with pytest.raises(SettingsError, match="address takes a host and a port"):
        listen(address)


@pytest.mark.parametrize(
    "names",
    ["runs.example.org", ["http://runs.example.org"], ["runs.example.org/"], [3], ["a b"], [""]],
)
def test_names_that_no_browser_sends_are_refused(names: Any) -> None:
    with pytest.raises(SettingsError, match="names takes hosts"):
        listen(names=names)


def test_names_may_have_ports_and_come_from_anywhere() -> None:
    names = ["runs.example.org:8443", "[::1]:8443", "my_host"]
    with listen(names=iter(names)) as listener:
        assert all(map(listener.serves, names))


def test_a_token_that_is_no_text_is_refused() -> None:
    with pytest.raises(SettingsError, match="token takes 16 to 200"):
        listen(token=b"a-token-of-16-characters")  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["", "short", "with blanks in it, and more", "ünsafe-" * 5])
def test_a_token_of_another_form_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(SettingsError, match="token takes 16 to 200") as caught:
        listen(token=token)
    assert not token or token not in str(caught.value)


def test_an_address_that_others_reach_needs_a_token() -> None:
    with pytest.raises(SettingsConflictError, match=r"other machines can reach 0\.0\.0\.0"):
        listen(("0.0.0.0", 0))
    with listen(("0.0.0.0", 0), token=TOKEN) as listener:
        assert not listener.is_local
        assert listener.address == f"http://{socket.gethostname()}:{listener.port}/"


def test_all_addresses_of_a_machine_are_names_but_no_other_name_is() -> None:
    with listen(("0.0.0.0", 0), token=TOKEN) as listener:
        port = listener.port
        for host in ("127.0.0.1", "10.1.2.3", "[fe80::1]", "localhost", socket.gethostname()):
            assert listener.serves(f"{host}:{port}"), host
        for host in ("10.1.2.3:1", "10.1.2.3", f"evil.example:{port}", f":{port}", "", "["):
            assert not listener.serves(host), host


def test_an_address_of_its_own_has_no_other_names() -> None:
    with listen(("127.0.0.2", 0), names=["runs.example.org"]) as listener:
        assert listener.is_local
        assert listener.serves(f"127.0.0.2:{listener.port}")
        assert listener.serves("runs.example.org")
        assert listener.serves("RUNS.example.org")
        assert not listener.serves(f"10.1.2.3:{listener.port}")


def test_an_address_of_the_sixth_version_stands_in_brackets() -> None:
    with listen(("::1", 0)) as listener:
        assert listener.address == f"http://[::1]:{listener.port}/"
        assert listener.serves(f"[::1]:{listener.port}")
