from socket import SO_REUSEADDR, SOL_SOCKET, socket

import pytest

from rnd_actors.workers import STANDIN, choose_ports, worker_command
from rnd_actors.workers._ports import Port


def test_a_worker_is_called_as_its_contract_says() -> None:
    command = worker_command(("/opt/worker", "-flaky"), 2, 3002)
    assert command == ("/opt/worker", "-flaky", "-workerId", "2", "-port", "3002")


def test_the_standin_starts_in_an_interpreter_that_loads_next_to_nothing() -> None:
    assert STANDIN[1:3] == ("-I", "-S")


def test_ports_follow_each_other_from_the_base_on() -> None:
    assert choose_ports(3001, 3) == [3001, 3002, 3003]


def test_base_zero_chooses_different_free_ports() -> None:
    ports = choose_ports(0, 16)
    assert len(set(ports)) == 16
    for port in ports:
        with socket() as sock:
            sock.bind(("127.0.0.1", port))


@pytest.mark.parametrize("address", ["127.0.0.1", "", "127.0.0.7"])
def test_a_port_is_taken_if_somebody_listens_there_on_any_address(address: str) -> None:
    with socket() as sock:
        sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        sock.bind((address, 0))
        sock.listen()
        port = sock.getsockname()[1]
        other = Port(port)
        assert other.number != port
        other.release()
    claim = Port(port)
    assert claim.number == port
    claim.release()


def test_a_port_that_another_run_has_claimed_is_left_to_it() -> None:
    [wanted] = choose_ports(0, 1)
    first = Port(wanted)
    second = Port(wanted)
    first.release()
    third = Port(wanted)
    assert first.number == third.number == wanted != second.number
    second.release()
    third.release()
