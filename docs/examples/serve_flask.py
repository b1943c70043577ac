"""Serves the Flask application with gevent's own server, in one process."""

from gevent import monkey

monkey.patch_all()  # before any other import

import signal

import gevent
from flask_visits import app
from gevent.pywsgi import WSGIServer

server = WSGIServer(("127.0.0.1", 0), app, spawn=1000)
gevent.signal_handler(signal.SIGTERM, server.stop)
server.start()
print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
