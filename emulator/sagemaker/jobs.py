"""Processing jobs of SageMaker, run without a container: a process an instance, with an /opt/ml of its own.

Source: SageMaker developer guide, "How Amazon SageMaker Processing runs your processing container image" and "…
configures input and output for your processing container".
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from customlabels.core.addresses import bucket_and_key
from customlabels.emulator.server.clients import credentials

_OPT_ML = "/opt/ml"
_MOST_MESSAGE = 1024
_LONGEST = 24 * 3600.0
_PYTHON = {"python", "python3"}

Document = dict[str, Any]


class JobFailed(Exception):
    """A job of which a process ended badly; the message is what it left, or the end of its log."""


def run_job(job: Document, region: str, client: Callable[[str, str], Any], scratch: Path) -> None:
    """Runs a job, given as CreateProcessingJob takes it, to its end; its files are below `scratch`.

    Raises
    ------
    JobFailed
    """
    cluster = job["ProcessingResources"]["ClusterConfig"]
    hosts = [f"algo-{number}" for number in range(1, int(cluster["InstanceCount"]) + 1)]
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="job-", dir=scratch))
    try:
        processes = [_start(job, region, client, folder / host, host, hosts) for host in hosts]
        codes = [process.wait(_LONGEST) for process in processes]
        reasons = [_message(folder / host) for host, code in zip(hosts, codes, strict=True) if code]
        if reasons:
            raise JobFailed("AlgorithmError: " + " ".join(reasons)[:_MOST_MESSAGE])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(
    job: Document, region: str, client: Callable[[str, str], Any], root: Path, host: str, hosts: list[str]
) -> "subprocess.Popen[bytes]":
    s3, here = client("s3", region), str(root / "ml")
    for source in job.get("ProcessingInputs", []):
        given = source["S3Input"]
        _download(s3, given["S3Uri"], Path(given["LocalPath"].replace(_OPT_ML, here, 1)))
    config = root / "ml" / "config"
    config.mkdir(parents=True)
    (config / "resourceconfig.json").write_text(json.dumps({"current_host": host, "hosts": hosts}))
    (root / "ml" / "output").mkdir()
    application = job["AppSpecification"]
    words = [*application["ContainerEntrypoint"], *application.get("ContainerArguments", [])]
    words = [word.replace(_OPT_ML, here, 1) if word.startswith(_OPT_ML) else word for word in words]
    if words[0] in _PYTHON:
        words[0] = sys.executable
    environment = {
        **job.get("Environment", {}),
        "PATH": os.defpath,
        "HOME": str(root),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        **credentials(job.get("RoleArn", "")),
        "AWS_ENDPOINT_URL": s3.meta.endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with (root / "log").open("wb") as printed:
        return subprocess.Popen(
            words, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT
        )


def _download(s3: Any, address: str, folder: Path) -> None:
    """Brings all that begins with an address below a folder."""
    bucket, prefix = bucket_and_key(address)
    stem = prefix if prefix.endswith("/") else prefix.rpartition("/")[0] + "/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            path = folder / item["Key"].removeprefix(stem)
            if not path.resolve().is_relative_to(folder.resolve()):
                raise JobFailed(f"{item['Key']} leads out of its folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, item["Key"], str(path))


def _message(root: Path) -> str:
    message = root / "ml" / "output" / "message"
    if message.is_file():
        return message.read_text(errors="replace")
    return (root / "log").read_text(errors="replace")[-_MOST_MESSAGE:]
