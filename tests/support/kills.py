"""A run killed right after any one of its calls, and run again: the end is the same as if nothing had been."""

import os
import signal
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from customlabels.aws.clients import LOCAL_BUCKET
from customlabels.emulator.server import address
from support.interception import Call, Spoil, intercepted
from support.shells import Shell


@dataclass(frozen=True)
class End:
    """What is there after a run: versions with their status, datasets, and the keys below the project's folder."""

    versions: tuple[tuple[str, str], ...]
    datasets: tuple[str, ...]
    keys: tuple[str, ...]
    trainings: int


def end(shell: Shell, project: str, s3: Any, rekognition: Any) -> End:
    """What the service holds of a project; names are written without the project's own."""
    (found,) = rekognition.describe_projects(ProjectNames=[project])["ProjectDescriptions"]
    versions = rekognition.describe_project_versions(ProjectArn=found["ProjectArn"])["ProjectVersionDescriptions"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=LOCAL_BUCKET, Prefix=f"customlabels/{project}/")
    keys = sorted(one["Key"].replace(project, "P") for page in pages for one in page.get("Contents", []))
    made = [*(shell.state / "versions").glob(f"project~{project}~*")]
    return End(
        tuple(sorted((one["ProjectVersionArn"].split("/")[3], one["Status"]) for one in versions)),
        tuple(sorted(one["DatasetType"] + one["Status"] for one in found["Datasets"])),
        tuple(key if "/manifests/" not in key else key.rpartition("/")[0] for key in keys),
        len(made),
    )


def calls_of(shell: Shell, words: list[str], project: str) -> list[str]:
    """Every call that a run makes, in order."""
    seen: list[str] = []
    lock = threading.Lock()

    def note(call: Call) -> None:
        with lock:
            seen.append(call.what)

    with intercepted(_endpoint(shell), lambda call: None, note) as proxy:
        shell.run(*words, "--project", project, *_through(proxy))
    return seen


def killed_after(shell: Shell, words: list[str], project: str, number: int) -> bool:
    """Runs the command, and kills it when the service has answered that call; whether it came so far."""
    struck = threading.Event()
    started: Future[int] = Future()

    def strike(call: Call) -> None:
        if call.number == number:
            os.kill(started.result(30), signal.SIGKILL)
            struck.set()

    with intercepted(_endpoint(shell), lambda call: None, strike) as proxy:
        process = shell.start(*words, "--project", project, *_through(proxy))
        started.set_result(process.pid)
        process.communicate(timeout=120)
    return struck.is_set()


def run_through(shell: Shell, words: list[str], project: str, spoil: Spoil) -> tuple[int, str]:
    """Runs the command with calls spoiled; its exit code, and what it said beside results."""
    with intercepted(_endpoint(shell), spoil) as proxy:
        process = shell.start(*words, "--project", project, *_through(proxy))
        _, said = process.communicate(timeout=240)
    return process.returncode, said


def with_credentials(shell: Shell) -> Shell:
    """The shell, with the credentials of its local service: without --local a command wants some."""
    folder = shell.folder / ".aws"
    folder.mkdir(exist_ok=True)
    address.make_folder(shell.state)
    key = address.make_key(shell.state)
    (folder / "credentials").write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = any\n")
    return shell


def _endpoint(shell: Shell) -> str:
    found = address.running(shell.state)
    assert found is not None
    return found.endpoint_url


def _through(proxy: str) -> list[str]:
    return ["--endpoint-url", proxy, "--region", "us-east-1", "--bucket", LOCAL_BUCKET]
