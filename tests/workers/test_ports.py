"""Which ports workers are given."""

import resource

from rnd_actors.workers import choose_ports


def test_more_ports_are_chosen_than_there_are_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        assert len(set(choose_ports(0, 2000))) == 2000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
