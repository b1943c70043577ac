"""What the cases of other frameworks share: puppets that end in a given way, and who watches."""

from typing import Any

from rnd_actors.actors import ActorRef, ActorSystem, ExitReason, Restarted
from rnd_actors.supervision import Restart
from tests.actors.toys import Ask, Do, Puppet, Record, puppet


def mortal(
    system: ActorSystem, name: str, diary: Record | None = None, **options: Any
) -> ActorRef[Any]:
    """Start a puppet that is not started again."""
    return system.start(puppet(name, diary, restart=Restart.TEMPORARY, **options))


def ending(reason: ExitReason | None = None, *, result: object = None) -> Do:
    """Tell a puppet to end itself for this reason, or with this result."""
    return Do(lambda puppet: puppet.stop(reason, result=result))


def failing(error: BaseException) -> Do:
    """Tell a puppet to fail with this error."""

    def fail(_: Puppet) -> None:
        raise error

    return Do(fail)


def watched(
    system: ActorSystem, *refs: ActorRef[Any], restarts: bool = False, name: str = "watcher"
) -> Record:
    """Start a puppet that watches these actors; return what it is told."""
    told = Record()
    watcher = system.start(puppet(name, told))

    def watch(puppet: Puppet) -> None:
        for ref in refs:
            puppet.watch(ref, restarts=restarts)

    watcher.ask(Ask(watch))
    told.items.clear()
    return told


def kill_and_restart(system: ActorSystem, ref: ActorRef[Any]) -> None:
    """Kill an actor, and wait until it is up again."""
    told = watched(system, ref, restarts=True)
    ref.kill()
    told.expect(Restarted)
