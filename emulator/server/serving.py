"""The local service's process: one for a state folder, on the loopback address."""

import argparse
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import asdict
from email.utils import formatdate
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from customlabels.core.files import written_aside
from customlabels.emulator.customlabels.state import REAL_TIMINGS, Timings
from customlabels.emulator.server.address import ADDRESS_FILE, LOCK_FILE, STATE_FILE, VERSIONS_FOLDER, Pace
from customlabels.emulator.server.store import Store

REGIONS = (
    *("us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1"),
    *("ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2"),
)
"""Regions that have Custom Labels. Source: AWS General Reference, Rekognition endpoints."""


def serve(state: Path, port: int, pace: Pace) -> None:
    """Serves until it is told to end; returns at once where another process serves `state` already."""
    state.mkdir(parents=True, exist_ok=True)
    lock = FileLock(state / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return
    _forget_aws()

    from moto.moto_server import werkzeug_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    from customlabels.emulator.server.application import Application

    # moto has one of its own since 5.2.5.
    handler: Any = getattr(werkzeug_app, "MotoRequestHandler", WSGIRequestHandler)

    class Handler(handler):  # type: ignore[misc] # moto is not typed
        def date_time_string(self, timestamp: float | None = None) -> str:
            # What an answer is dated by: clients take the time from it.
            return formatdate(application.clock() if timestamp is None else timestamp, usegmt=True)

    store = Store(state)
    timings = (REAL_TIMINGS if pace.real else Timings()).scaled(pace.scale)
    application = Application(store, timings, str(state), pace.rate)
    try:
        server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
    except (OSError, SystemExit):
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
    application.start(f"http://127.0.0.1:{server.server_port}")
    application.trainer.resume(list(REGIONS))
    _remove_leftovers(store)
    with written_aside(state / ADDRESS_FILE) as file:
        file.write(json.dumps({"pid": os.getpid(), "port": server.server_port, "pace": asdict(pace)}).encode())
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with, args=(state / STATE_FILE,), daemon=True).start()
    try:
        server.serve_forever()
    finally:
        store.close()


def _end(*_: object) -> None:
    # Everything acknowledged is on disk already, and trainings are taken up again at the next start.
    os._exit(0)


def _end_with(path: Path) -> None:
    """Ends this process when its state is deleted: there is nothing left to serve."""
    while path.exists():
        time.sleep(2)
    os._exit(0)


def _forget_aws() -> None:
    """Keeps the user's AWS credentials and configuration out of this process."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _remove_leftovers(store: Store) -> None:
    """Removes the folders of versions that are deleted."""
    known = {
        document["arn"].rpartition(":")[2].replace("/", "~")
        for region in REGIONS
        for project in store.resources("project", region)
        for document in store.resources("version", project["arn"])
    }
    for folder in (store.folder / VERSIONS_FOLDER).glob("*"):
        if folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="customlabels.emulator.server.serving")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="how long states last; 0.1 is ten times faster")
    parser.add_argument("--real", action="store_true", help="states last as long as on AWS")
    parser.add_argument("--rate", type=float, default=5.0, help="requests a second that an inference unit takes")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    serve(chosen.state.resolve(), chosen.port, Pace(chosen.scale, chosen.real, chosen.rate))


if __name__ == "__main__":
    main(sys.argv[1:])
