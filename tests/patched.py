"""Pytest plugin, loaded with `-p` before anything else: the whole suite runs monkey-patched."""

from gevent import monkey

monkey.patch_all()
