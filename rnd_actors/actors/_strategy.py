"""Who goes down together, and when a supervisor ends by itself."""

from enum import Enum

__all__ = ["AutoShutdown", "Strategy"]


class Strategy(Enum):
    """Which children are restarted when one has failed.

    Example:
        >>> from rnd_actors import Actor, ChildSpec, Strategy, Supervisor
        >>> specs = [ChildSpec("connection", Actor), ChildSpec("reader", Actor)]
        >>> feed = ChildSpec("feed", lambda: Supervisor(specs, strategy=Strategy.REST_FOR_ONE))
    """

    ONE_FOR_ONE = "one_for_one"
    """Only that one."""
    ONE_FOR_ALL = "one_for_all"
    """All: the others are ended, in reverse start order, and then all start in order."""
    REST_FOR_ONE = "rest_for_one"
    """That one and those that were started after it."""


class AutoShutdown(Enum):
    """When a supervisor shuts itself down because significant children have ended for good.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, AutoShutdown, ChildSpec, Restart, Supervisor
        >>> specs = [ChildSpec("job", Actor, restart=Restart.TRANSIENT, significant=True)]
        >>> make = lambda: Supervisor(specs, auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", make, restart=Restart.TRANSIENT))
        ...     system.find("team/job").stop()
        ...     team.join()
        Shutdown()
    """

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    """When the first of them has."""
    ALL_SIGNIFICANT = "all_significant"
    """When the last of them has."""
