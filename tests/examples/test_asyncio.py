"""Programs of asyncio: what the guide says about their limits."""

import subprocess
import sys

import psutil
import pytest

from tests.examples.programs import EXAMPLES, PATIENCE_S, output_of, running
from tests.processes import lives, until

pytestmark = pytest.mark.slow


def run(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


@pytest.mark.parametrize(
    ("patch", "missing"),
    [
        ("patch_all(thread=False)", "not patched: threading."),
        ("is_anything_patched()", "A notebook or an asyncio program cannot be patched"),
    ],
)
def test_a_system_in_a_coroutine_needs_a_patched_process(patch: str, missing: str) -> None:
    done = run(
        f"from gevent import monkey; monkey.{patch}\n"
        "import asyncio\nfrom rnd_actors import ActorSystem\n"
        "async def main():\n    with ActorSystem():\n        pass\nasyncio.run(main())"
    )
    assert missing in done.stderr.splitlines()[-1]


def test_a_coroutine_cannot_ask_an_actor_of_another_thread() -> None:
    done = run(
        "import asyncio_thread\nwith asyncio_thread.squarer() as squarer:\n    squarer.ask(1)"
    )
    assert "squarer lives in the thread that entered its ActorSystem" in done.stderr


def test_a_coroutine_that_is_cancelled_does_not_crash_the_actor() -> None:
    stdout, stderr = output_of("asyncio_thread.py")
    assert ("too late" in stdout, stderr) == (True, "")


def test_requests_are_answered_before_the_child_ends() -> None:
    with running("actors_child.py") as child:
        requests = "".join(f'{{"id": {number}, "of": 2}}\n' for number in range(2_000))
        answers, _ = child.communicate(requests, PATIENCE_S)
    assert (child.returncode, answers.count('"answer": 4')) == (0, 2_000)


PARENT_THAT_WAITS = """
import asyncio
from asyncio_parent import squarer
async def main():
    async with squarer() as actor:
        print(await actor.square(3), flush=True)
        await asyncio.sleep(1000)
asyncio.run(main())
"""


def test_the_child_ends_when_its_parent_is_killed() -> None:
    with running("-c", PARENT_THAT_WAITS) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "9\n"
        [child] = psutil.Process(parent.pid).children()
        parent.kill()
        until(lambda: not lives(child.pid))


def test_a_coroutine_that_asks_a_child_that_has_died_is_told() -> None:
    done = run(
        "import asyncio, os, signal\nimport psutil\nfrom asyncio_parent import squarer\n"
        "async def main():\n"
        "    async with squarer() as actor:\n"
        "        await actor.square(1)\n"
        "        [child] = psutil.Process().children()\n"
        "        child.suspend()\n"
        "        asked = asyncio.create_task(actor.square(2))\n"
        "        await asyncio.sleep(0)\n"
        "        child.kill()\n"
        "        await asked\n"
        "asyncio.run(main())"
    )
    assert done.stderr.splitlines()[-1] == "ConnectionError: the actors have ended"
