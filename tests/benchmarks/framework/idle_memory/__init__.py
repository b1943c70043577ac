"""Many actors are started, handle one message each, and then wait: the bytes of one of them.

`run` returns bytes instead of seconds: how much more memory is resident than before the start,
divided by the number of actors. Each run needs a fresh process, because memory that was used before
is used again without becoming resident anew.
"""
