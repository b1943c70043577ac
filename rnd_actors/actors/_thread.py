"""The thread that runs, where the patched `get_ident` would name the greenlet."""

from gevent import monkey

__all__ = ["thread_id"]

thread_id = monkey.get_original("_thread", "get_ident")
