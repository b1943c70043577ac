"""What draws the pictures of the documentation."""

from gevent import monkey

monkey.patch_all()
