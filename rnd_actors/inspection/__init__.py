"""Looking into actors while they run, after `sys` and `observer` of Erlang/OTP.

`inspect` shows one actor, `overview` and `dump` a whole system, `trace` what an actor handles;
`suspend` holds one still. An actor that is not looked at pays nothing for it.
"""

from rnd_actors.inspection._dump import dump, dump_on_signal
from rnd_actors.inspection._inspect import Inspection, inspect
from rnd_actors.inspection._overview import ActorRow, ActorState, overview
from rnd_actors.inspection._suspend import suspend, unsuspend
from rnd_actors.inspection._trace import Trace, TraceEntry, TraceOutcome, trace

__all__ = [
    "ActorRow",
    "ActorState",
    "Inspection",
    "Trace",
    "TraceEntry",
    "TraceOutcome",
    "dump",
    "dump_on_signal",
    "inspect",
    "overview",
    "suspend",
    "trace",
    "unsuspend",
]
