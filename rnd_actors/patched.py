"""Plugin for pytest that patches the process: `-p rnd_actors.patched`, before all other plugins.

It needs nothing but gevent, so that nothing else is imported before the process is patched.
"""

from gevent import monkey

__all__: list[str] = []

monkey.patch_all()
