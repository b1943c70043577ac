"""How the child processes of a run over hosts start: the bridge, and on each host the shard."""

import sys
from typing import Final

_PATH: Final = f"import sys; sys.path[:] = {sys.path!r}"
"""A child finds the same modules as this process; PYTHONPATH would reach workers, too."""
_PATCH: Final = "from gevent import monkey; monkey.patch_all()"
_MAIN: Final = "from rnd_actors.cluster.{} import main; main()"

BRIDGE: Final = (sys.executable, "-c", "; ".join((_PATH, _MAIN.format("_bridge"))))
SHARD: Final = (sys.executable, "-c", "; ".join((_PATH, _PATCH, _MAIN.format("_shard"))))
