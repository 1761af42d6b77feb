"""Processes that train, kept between trainings: to import what they need takes longer than a small training."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from customlabels.emulator.engine.job_files import BEGUN, LOG

Job = subprocess.Popen[bytes]


class WarmJobs:
    """A process for each training that is under way at once; the last one stays for the next.

    They end when this process does, however it ends: each reads its standard input to learn of that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: Job | None = None

    def train(self, state: Path, folder: Path, version_arn: str) -> None:
        """Has a version trained; when this returns it has ended, well or not, or its process has died."""
        order = json.dumps([str(state), str(folder), version_arn]).encode() + b"\n"
        with self._lock:
            job, self._idle = self._idle, None
        if job is None or not _begun(job, order):
            if job is not None:
                _end(job)
            job = _started(folder)
            if not _begun(job, order):
                _end(job)
                return
        assert job.stdout is not None  # noqa: S101 - it is a pipe
        ended = job.stdout.readline()
        with self._lock:
            if ended and self._idle is None:
                self._idle = job
                return
        _end(job)


def _started(folder: Path) -> Job:
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "customlabels.emulator.engine.job"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )


def _begun(job: Job, order: bytes) -> bool:
    """Whether the process has taken up a training; one that had died, or ended by itself, has not."""
    assert job.stdin is not None  # noqa: S101 - they are pipes
    assert job.stdout is not None  # noqa: S101 - they are pipes
    try:
        job.stdin.write(order)
        job.stdin.flush()
    except BrokenPipeError:
        return False
    return job.stdout.readline() == BEGUN


def _end(job: Job) -> None:
    """Lets the process end, whose standard input ends with this, and waits for it."""
    for pipe in (job.stdin, job.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    job.wait()
