"""A page for any system of actors, with a REST interface, server-sent events and metrics.

It needs the extra `rnd-actors[web]`.
"""

try:
    from rnd_actors.web._listener import Listener, listen
    from rnd_actors.web._server import serve, serve_live_run
except ModuleNotFoundError as error:
    if error.name in ("flask", "prometheus_client", "werkzeug"):
        raise ImportError(
            f"rnd_actors.web needs {error.name}; install it: pip install 'rnd-actors[web]'"
        ) from error
    raise

__all__ = ["Listener", "listen", "serve", "serve_live_run"]
