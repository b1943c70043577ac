"""Whether an operation costs more the more children a supervisor has.

`run` returns microseconds instead of seconds: those of each operation beside few children and
beside many. Both crowds live in one process and take part in turn, so that the ratio of two figures
says more than each alone. An operation that takes long is done less often; garbage is collected
between the operations only, since that takes the longer the more there is in the process.

The operations are: the four requests that start and end one more child; the first start of each of
as many children, if it fails; a message that a router sends to the children; `subscribe`, `publish`
and `unsubscribe` beside as many subscriptions to another type of event; `system.find`; and the end
of a significant child under ALL_SIGNIFICANT, after that of all others but one.
"""
