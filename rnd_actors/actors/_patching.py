"""The check that the process is monkey-patched. The library itself never patches."""

from gevent import monkey

from rnd_actors.errors import NotPatchedError

_NEEDED = ("socket", "ssl", "select", "threading", "time")


def require_patched() -> None:
    """Raise `NotPatchedError` unless gevent has patched the standard library."""
    missing = [module for module in _NEEDED if not monkey.is_module_patched(module)]
    if missing:
        raise NotPatchedError(
            "rnd-actors needs a process that gevent has patched; "
            f"not patched: {', '.join(missing)}. "
            "Make `from gevent import monkey; monkey.patch_all()` the first line of your program, "
            "before any other import."
        )
