"""The local service's process: one for a state folder, on the loopback address."""

import argparse
import gc
import json
import logging
import os
import shutil
import signal
import stat
import sys
import threading
from dataclasses import asdict
from email.utils import formatdate
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from customlabels.core.files import written_aside
from customlabels.emulator.server.address import (
    ADDRESS_FILE,
    BLOBS_FOLDER,
    KEY_FILE,
    LOCK_FILE,
    OBJECTS_FOLDER,
    PID_FILE,
    SCRATCH_FOLDER,
    SECRET,
    STATE_FILE,
    VERSIONS_FOLDER,
    Pace,
    make_folder,
    make_key,
)
from customlabels.emulator.server.clients import ROLES
from customlabels.emulator.server.store import Store

if TYPE_CHECKING:
    from customlabels.emulator.server.application import Application

_LONGEST_END = 20.0
"""Seconds."""

REGIONS = (
    *("us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1"),
    *("ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2"),
)
"""Regions that have Custom Labels. Source: AWS General Reference, Rekognition endpoints."""


def serve(state: Path, port: int, pace: Pace) -> None:
    """Serves until it is told to end; returns at once where another process serves `state` already."""
    os.umask(0o077)
    make_folder(state)
    lock = FileLock(state / LOCK_FILE)
    try:
        lock.acquire(timeout=1)
    except Timeout:
        return
    (state / PID_FILE).write_text(str(os.getpid()))
    _see_to_owner(state)
    # Whoever is killed, or whose service is, cannot clear up.
    shutil.rmtree(state / SCRATCH_FOLDER, ignore_errors=True)
    key = make_key(state)
    _forget_aws(key)
    if pace.enforced:
        os.environ[ROLES] = "1"

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
    store.put_setting("moto", version("moto"))
    # What is read at the start stays: looking through it for garbage takes longer than reading it.
    gc.disable()
    application = Application(store, pace, key)
    gc.freeze()
    gc.enable()
    try:
        server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
    except (OSError, SystemExit):
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
    application.start(f"http://127.0.0.1:{server.server_port}", partial(_end_with, state / STATE_FILE))
    application.trainer.resume(list(REGIONS))
    threading.Thread(target=_tidy, args=(store, application), name="tidy", daemon=True).start()
    with written_aside(state / ADDRESS_FILE) as file:
        file.write(json.dumps({"pid": os.getpid(), "port": server.server_port, "pace": asdict(pace)}).encode())
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=_end, args=(application,), daemon=True).start())
    try:
        server.serve_forever()
    finally:
        store.close()


def _end(application: "Application") -> None:
    """Ends the process. What was acknowledged is on disk already; trainings are taken up again at the next start."""
    threading.Timer(_LONGEST_END, os._exit, (0,)).start()
    try:
        application.settle()
    finally:
        os._exit(0)


def _end_with(path: Path) -> None:
    """Ends this process when its state is deleted: there is nothing left to serve."""
    if not path.exists():
        os._exit(0)


def _see_to_owner(state: Path) -> None:
    """Refuses files that others may have written: reading the states of services runs what they say."""
    if not hasattr(os, "geteuid"):
        return
    for path in (state, state / STATE_FILE, state / KEY_FILE, state / BLOBS_FOLDER, state / OBJECTS_FOLDER):
        if path.exists():
            about = path.lstat()
            if about.st_uid != os.geteuid() or stat.S_ISLNK(about.st_mode):
                raise SystemExit(f"{path} belongs to another user, or is a link; nothing of it is read")
            path.chmod(about.st_mode & 0o700)


def _forget_aws(key: str) -> None:
    """Keeps the user's AWS credentials and configuration out of this process."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _tidy(store: Store, application: "Application") -> None:
    """Deletes what the death of an earlier process left."""
    try:
        _remove_leftovers(store)
        application.sweep()
    except Exception:
        logging.getLogger(__name__).exception("tidying up")


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
    parser.add_argument("--strict", action="store_true", help="as unkind as AWS")
    parser.add_argument("--iam", action="store_true", help="permissions are enforced")
    parser.add_argument("--lag", type=float, default=0.0, help="seconds that answers lag behind writes")
    parser.add_argument("--rate", type=float, default=5.0, help="requests a second that an inference unit takes")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    serve(
        chosen.state.resolve(),
        chosen.port,
        Pace(chosen.scale, chosen.real, chosen.rate, chosen.strict, chosen.iam, chosen.lag),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
