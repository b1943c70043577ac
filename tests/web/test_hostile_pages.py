"""What a page of somebody else, or another program of this machine, tries: it is refused."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.web import Listener, _server, serve
from tests.processes import PATIENCE_S
from tests.web.serving import Answer, ask, connected, read_answer, send

TRACE = {"actor": "fragile", "n": 1, "seconds": 0.01}


@pytest.fixture(autouse=True)
def nothing_is_printed(capfd: pytest.CaptureFixture[str], fragile: ActorRef[int]) -> Iterator[None]:
    """Whatever clients do, nobody reads of it on stderr."""
    yield
    assert capfd.readouterr() == ("", "")


def trace(listener: Listener, **headers: str | None) -> Answer:
    return ask(listener, "/api/trace", TRACE, **headers)


def test_the_same_requests_pass_when_nothing_is_wrong_with_them(listener: Listener) -> None:
    assert trace(listener).data == {"messages": []}
    own = f"http://127.0.0.1:{listener.port}"
    assert trace(listener, origin=own, sec_fetch_site="same-origin").status == 200
    assert trace(listener, sec_fetch_site="none").status == 200
    assert trace(listener, content_type="application/json; charset=utf-8").status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; application/json",
        None,
    ],
)
def test_a_form_is_refused(listener: Listener, content_type: str | None) -> None:
    assert trace(listener, content_type=content_type).status == 415


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://evil.example/127.0.0.1",
        "file://",
        "http://[",
    ],
)
def test_a_foreign_origin_is_refused(listener: Listener, origin: str) -> None:
    assert trace(listener, origin=origin or " ").status == 403


def test_another_machine_is_foreign_where_all_addresses_are_served(system: ActorSystem) -> None:
    with serve(system, ("0.0.0.0", 0), token="a-token-of-my-own") as listener:
        here = f"127.0.0.1:{listener.port}"
        assert trace(listener, origin=f"http://10.6.6.6:{listener.port}").status == 403
        assert trace(listener, origin=f"http://{here}").status == 200
        addressed = f"10.1.2.3:{listener.port}"
        assert trace(listener, host=addressed, origin=f"http://{addressed}").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_request_from_another_site_is_refused(listener: Listener, site: str) -> None:
    assert trace(listener, sec_fetch_site=site).status == 403


def test_no_answer_lets_another_origin_read_it(listener: Listener) -> None:
    answer = ask(listener, "/api/actors", origin="http://evil.example")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "10.0.0.1:{port}", None],
)
@pytest.mark.parametrize("path", ["/", "/api/actors", "/healthz", "/static/index.html"])
def test_another_name_of_this_host_is_refused(
    listener: Listener, host: str | None, path: str
) -> None:
    named = host and host.format(port=listener.port)
    assert ask(listener, path, host=named).status == 403


def test_the_names_of_this_host_are_served(listener: Listener) -> None:
    for host in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]"):
        assert ask(listener, "/api/actors", host=f"{host}:{listener.port}").status == 200


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
@pytest.mark.parametrize("path", ["/", "/api/actors", "/api/trace", "/healthz", "/nowhere"])
def test_other_methods_are_refused(listener: Listener, method: str, path: str) -> None:
    answer = ask(listener, path, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_what_changes_or_waits_is_no_get(listener: Listener) -> None:
    assert ask(listener, "/api/trace?actor=fragile").status == 405
    assert ask(listener, "/api/actors", {}).status == 405


@pytest.mark.parametrize(
    "path",
    ["/api/actors", "/api/stream", "/api/openapi.json", "/metrics", "/static/index.html", "/x"],
)
def test_without_a_token_nothing_is_shown(listener: Listener, path: str) -> None:
    answer = ask(listener, path, authorization=None)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.data == {"error": "the token is missing or wrong"}


def test_without_a_token_nothing_is_done(listener: Listener) -> None:
    assert trace(listener, authorization=None).status == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer x",
        "Bearer",
        "Bearer ",
        "Basic {token}",
        "{token}",
        "Bearer {token}x",
        "Bearer {half}",
        "Bearer \xff\xfe",
    ],
)
def test_a_wrong_token_opens_nothing(listener: Listener, authorization: str) -> None:
    token = listener.token
    given = authorization.format(token=token, half=token[:20])
    assert ask(listener, "/api/actors", authorization=given).status == 401


@pytest.mark.parametrize("name", ["rnd-actors", "token", "rnd-actors-1", "session"])
def test_a_token_in_another_cookie_opens_nothing(listener: Listener, name: str) -> None:
    cookie = f"{name}={listener.token}"
    assert ask(listener, "/api/actors", authorization=None, cookie=cookie).status == 401


def test_a_token_in_the_wrong_place_opens_nothing(listener: Listener) -> None:
    assert ask(listener, f"/api/actors?token={listener.token}", authorization=None).status == 401
    assert ask(listener, f"/metrics?token={listener.token}", authorization=None).status == 401
    assert ask(listener, "/api/actors", authorization=None, x_token=listener.token).status == 401
    body = {**TRACE, "token": listener.token}
    assert ask(listener, "/api/trace", body, authorization=None).status == 401


def test_the_page_says_where_the_token_is_to_be_found(listener: Listener) -> None:
    for path in ("/", "/?token=x", "/?token="):
        answer = ask(listener, path, authorization=None)
        assert (answer.status, b"has printed" in answer.body) == (401, True)
        assert listener.token.encode() not in answer.body
        assert "set-cookie" not in answer.headers


def test_the_address_with_the_token_leads_to_a_cookie(listener: Listener) -> None:
    answer = ask(listener, f"/?token={listener.token}", authorization=None)
    name = f"rnd-actors-{listener.port}"
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert answer.headers["set-cookie"].split("; ") == [
        f"{name}={listener.token}",
        "HttpOnly",
        "Path=/",
        "SameSite=Strict",
    ]
    cookie = f"other=1; {name}={listener.token}"
    assert ask(listener, "/", authorization=None, cookie=cookie).status == 200


def test_every_answer_has_the_headers_that_browsers_obey(listener: Listener) -> None:
    for path in ("/", "/api/actors", "/nowhere", "/static/index.html", "/api/stream"):
        headers = ask(listener, path, method="HEAD").headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        is_static = path.startswith("/static/")
        assert headers["cache-control"] == ("no-cache" if is_static else "no-store")
    assert ask(listener, "/api/actors", authorization=None).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../_app.py",
        "/static/..%2f_app.py",
        "/static/%2e%2e/_app.py",
        "/static/%2e%2e%2f_app.py",
        "/static/..%5c_app.py",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/index.html%00.js",
        "/static/\x00",
        "/static/",
        "/static",
        "/static/..../index.html",
    ],
)
def test_no_path_leads_out_of_the_static_files(listener: Listener, path: str) -> None:
    assert ask(listener, path).status in (400, 404)


@pytest.mark.parametrize(
    "name", ["__class__", "_operations", "table", "end", "follow", "outcome", "status/__init__", ""]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_operations_of_the_table_can_be_asked_for(
    listener: Listener, name: str, method: str
) -> None:
    assert ask(listener, f"/api/{name}", {}, method=method).status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"trace"',
        b"null",
        b"17",
        b"{",
        b"\xff\xfe",
        b"actor=fragile",
        b'{"actor": 3}',
        b'{"actor": "fragile", "n": true}',
        b'{"actor": "fragile", "n": 1e999}',
        b'{"actor": "fragile", "seconds": NaN}',
        b'{"actor": "fragile", "x": 1}',
        b'{"actor": "fragile", "__class__": 1}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_of_another_kind_is_refused(listener: Listener, body: bytes) -> None:
    head = (
        f"POST /api/trace HTTP/1.1\r\nHost: localhost:{listener.port}\r\n"
        f"Authorization: Bearer {listener.token}\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = send(listener, head.encode() + body)
    assert (answer.status, list(answer.data)) == (400, ["error"])


def head(listener: Listener, *lines: str) -> bytes:
    return "\r\n".join(
        [
            "POST /api/trace HTTP/1.1",
            f"Host: localhost:{listener.port}",
            f"Authorization: Bearer {listener.token}",
            "Content-Type: application/json",
            *lines,
            "",
            "",
        ]
    ).encode()


def test_a_body_that_is_too_long_is_not_read(listener: Listener) -> None:
    assert send(listener, head(listener, "Content-Length: 65537")).status == 413
    assert send(listener, head(listener, f"Content-Length: {10**15}")).status == 413


def test_a_body_in_chunks_is_not_read(listener: Listener) -> None:
    chunked = head(listener, "Transfer-Encoding: chunked")
    assert send(listener, chunked + b"2\r\n{}\r\n0\r\n\r\n").status == 411
    assert send(listener, chunked + b"FFFFFFFF\r\n").status == 411
    assert send(listener, head(listener, "Transfer-Encoding: gzip, chunked")).status == 411
    both = head(listener, "Content-Length: 2", "Transfer-Encoding: chunked")
    assert send(listener, both + b"{}").status == 411


@pytest.mark.parametrize("length", ["-1", "x", "1.5", "", "+2", "0_2", "0x2"])
def test_a_length_that_is_none_is_refused(listener: Listener, length: str) -> None:
    assert send(listener, head(listener, f"Content-Length: {length}")).status == 400


@pytest.mark.parametrize(
    "line",
    [
        "Content-Length: 2\r\nContent-Length: 2",
        "Host: localhost",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length : 2",
        "Transfer-Encoding : chunked",
        "no header\r\nContent-Length: 2",
        ": no name",
        "X: 1\r\n no colon\r\nmore",
    ],
)
def test_headers_that_a_proxy_may_read_in_another_way_are_refused(
    listener: Listener, line: str
) -> None:
    answer = send(listener, head(listener, line) + b"{}GET /healthz HTTP/1.1\r\n\r\n")
    assert (answer.status, answer.body) == (400, b"")  # and nothing was read after it


@pytest.mark.parametrize("target", [b"/?x=\xff", b"/api/events?n=3\x82", b"/\xff"])
def test_a_target_that_is_no_text_is_refused_without_a_word(
    listener: Listener, caplog: pytest.LogCaptureFixture, target: bytes
) -> None:
    host = f"Host: localhost:{listener.port}\r\n\r\n".encode()
    assert send(listener, b"GET " + target + b" HTTP/1.1\r\n" + host).status == 400
    assert caplog.text == ""


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\xff\xfe\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
    ],
)
def test_what_is_no_request_is_refused(listener: Listener, request_bytes: bytes) -> None:
    with suppress(ConnectionError, ValueError):  # it was closed without a word
        assert send(listener, request_bytes).status in (400, 414)
    assert ask(listener, "/healthz").status == 200


def test_a_header_that_is_none_ends_the_connection_alone(listener: Listener) -> None:
    with connected(listener) as client:
        client.sendall(b"GET / HTTP/1.1\r\nno header\r\n\r\n")
        client.recv(1000)
    assert ask(listener, "/healthz").status == 200


def test_a_request_that_comes_byte_by_byte_ends_in_time(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "_PATIENCE_S", 0.1)
    for beginning in (b"", b"GET / HTTP/1.1\r\nX: ", head(listener, "Content-Length: 60000")):
        with connected(listener) as client, gevent.Timeout(PATIENCE_S):
            client.sendall(beginning)
            with pytest.raises(ConnectionError):
                send_for_ever(client, b"x")


def send_for_ever(client: socket.socket, data: bytes) -> None:
    while True:
        client.sendall(data)
        gevent.sleep(0.01)


def test_half_a_body_is_no_request(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_server, "_PATIENCE_S", 0.1)
    half = head(listener, "Content-Length: 9") + b'{"n"'
    with connected(listener) as client:
        client.sendall(half)
        assert read_answer(client).status == 400
    with connected(listener) as client:
        client.sendall(half)
        client.shutdown(socket.SHUT_WR)
        assert read_answer(client).status == 400


def test_clients_that_only_stay_connected_keep_no_others_out_for_ever(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "_PATIENCE_S", 1.5)  # the last one is served within that time
    clients = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(250)]
    assert ask(listener, "/healthz").status == 200
    for client in clients:
        client.close()


def test_an_error_that_nobody_has_expected_is_told_without_its_traceback(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(_: object) -> object:
        raise RuntimeError("words")

    monkeypatch.setattr("rnd_actors.control._snapshots.overview", explode)
    answer = ask(listener, "/api/actors")
    assert (answer.status, answer.data) == (500, {"error": "it failed: RuntimeError: words"})
    assert "/api/actors failed" in caplog.text
    assert "Traceback" in caplog.text
    assert listener.token not in caplog.text


def test_a_token_is_in_no_text_of_a_listener(system: ActorSystem) -> None:
    with serve(system, token="a-token-of-my-own") as listener:
        assert listener.url.endswith("/?token=a-token-of-my-own")
        assert "a-token" not in f"{listener!r} {listener.address}"
