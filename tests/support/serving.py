"""Servers of tests' own, answering beside the test."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def answering(server: socketserver.BaseServer) -> Iterator[None]:
    """Has a server answer until the test is done with it, and closes it.

    It looks every hundredth of a second whether it is to end; the standard library's half a second is waited for by
    each test that has a server.
    """
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
