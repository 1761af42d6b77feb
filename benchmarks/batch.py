"""Batches: the list, the rate, and kills: python benchmarks/batch.py [IMAGES] [KILLS] [KEYS] [RATE]

A list of generated keys is written, and its memory looked at. A thousand small images are looked at on four units: what
of the units' rate is used, what is throttled. IMAGES others are looked at while processes of the function, and one
time in ten the service itself, are killed; a batch that fails of it is redriven. Every image has one result then;
calls to the model are counted by a proxy before the service.
"""

import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rows import Row, note
from support import batch_stack
from support.batch_stack import ARCHIVE, archived, kept_up, put_images, run_batch, up
from support.interception import Call, intercepted
from support.local_services import Service, client, connect
from support.shells import Shell

from customlabels.core.addresses import S3Address
from customlabels.emulator.server import address
from customlabels.inspection.batches import listing
from customlabels.inspection.batches.candidates import Left
from customlabels.inspection.batches.sources import images
from customlabels.inspection.stack.template import names_of
from inspection import judged, kill

UNITS = 4
PACED = 1000
"""Images, at most, that show what of the rate is used."""

LOOK = 5.0
"""Seconds between two looks at a batch, which are commands of their own."""

SEED = 7


def main() -> None:
    count, kills, keys = (*map(int, sys.argv[1:4]), *(20_000, 40, 1_000_000)[len(sys.argv) - 1 :])
    # Images a second of one unit, so many that this machine can answer them beside all else.
    rate = float(sys.argv[4]) if len(sys.argv) > 4 else 2.0
    for some in (keys // 4, keys):
        words = [sys.executable, __file__, "--list", str(some)]
        seconds, megabytes = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
        note(Row(f"list of {some:,} keys written", figure=f"{seconds:.1f} s, {megabytes:.0f} MB"))
    batch_stack.SETTINGS = batch_stack.SETTINGS.replace("rate = 50", f"rate = {rate:g}")
    with (
        tempfile.TemporaryDirectory() as folder,
        archived(Path(folder), address.Pace(scale=0.05, rate=rate), images=0) as (shell, service),
    ):
        share_of_the_rate(shell, service, min(count, PACED), rate)
        survive(shell, service, count, kills, count / (rate * UNITS))


def share_of_the_rate(shell: Shell, service: Service, count: int, rate: float) -> None:
    put_images(service, shell.folder / "photos", count, "paced/")
    run_batch(shell, service, "run", f"s3://{ARCHIVE}/paced/", "--units", str(UNITS))
    states = client(service, "stepfunctions")
    status = shell.json("--local", "batch", "status")
    (machine,) = [machine["stateMachineArn"] for machine in states.list_state_machines()["stateMachines"]]
    execution = states.list_executions(stateMachineArn=machine)["executions"][0]["executionArn"]
    (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    took = (run["stopDate"] - run["startDate"]).total_seconds()
    throttled, asked = (_sum(service, name) for name in ("ThrottledCount", "SuccessfulRequestCount"))
    note(
        Row(
            f"batch of {count:,} images on {UNITS} units of {rate:g} a second, {status['at_once']} children at once",
            figure=f"{count / took / (rate * UNITS):.1%} of the rate, {throttled / max(1, throttled + asked):.2%} "
            f"throttled, {asked:.0f} calls",
        )
    )


def survive(shell: Shell, service: Service, count: int, kills: int, takes: float) -> None:
    """A batch that is killed now and then in the seconds that it takes."""
    put_images(service, shell.folder / "photos", count, "killed/")
    throttled = _sum(service, "ThrottledCount")
    calls, lock = Counter[str](), threading.Lock()

    def note_call(call: Call) -> None:
        with lock:
            calls[call.what] += 1

    with intercepted(service.endpoint_url, answered=note_call) as proxy:
        functions, name = client(service, "lambda"), names_of("surface").batch
        held = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name,
            Environment={"Variables": {**held, "AWS_ENDPOINT_URL_REKOGNITION": proxy}},
        )
        struck, stop = Counter[str](), threading.Event()
        began = time.monotonic()
        killer = threading.Thread(target=kill, args=(shell, kills, takes / kills, struck, stop, Random(SEED)))
        words, redriven = ["run", f"s3://{ARCHIVE}/killed/", "--units", str(UNITS), "--no-wait"], 0
        shell.run("--local", "batch", *words)
        killer.start()
        while True:
            status = _status(shell)
            if status["status"] != "RUNNING":
                # What children failed of that were killed too often is redriven too.
                with suppress(AssertionError, subprocess.TimeoutExpired, ValueError):
                    if shell.json("--local", "batch", "redrive", "--no-wait")["batch"] is None:
                        break
                    redriven += 1
            with suppress(Exception):
                service = connect(shell.state)
                if not up(service, "RUNNING"):
                    address.advance(shell.state, 60)
            time.sleep(LOOK)
        stop.set()
        killer.join()
        results = {key: count for key, count in judged(shell).items() if key.startswith("killed/")}
        asked, throttled = calls["DetectCustomLabels"], _sum(service, "ThrottledCount") - throttled
        note(
            Row(
                f"batch of {count:,} images, {struck['function']} function processes and the service "
                f"{struck['service']} times killed",
                figure=f"lost {count - len(results)}, second results {sum(each > 1 for each in results.values())}, "
                f"calls {asked - throttled:,.0f} of at most {count + struck.total():,}, {throttled:,.0f} others "
                f"throttled, redriven {redriven} times, {time.monotonic() - began:.0f} s",
            )
        )
        shell.run("--local", "batch", "run", f"s3://{ARCHIVE}/killed/")
        note(Row("the same batch again", figure=f"{calls['DetectCustomLabels'] - asked} calls"))
    address.advance(shell.state, 900)
    note(Row("after its end", figure=f"{len(up(service))} versions up, {len(kept_up(service))} overrides and guards"))


def _status(shell: Shell) -> dict[str, Any]:
    """How far the newest batch is, asked again while the service is being killed."""
    while True:
        connect(shell.state)
        try:
            status: dict[str, Any] = shell.json("--local", "batch", "status")
        except (AssertionError, ValueError, subprocess.TimeoutExpired):
            time.sleep(1)
        else:
            return status


def _sum(service: Service, metric: str) -> float:
    points = client(service, "cloudwatch").get_metric_statistics(
        Namespace="AWS/Rekognition",
        MetricName=metric,
        Dimensions=[{"Name": "Operation", "Value": "DetectCustomLabels"}],
        StartTime=0,
        EndTime=4_000_000_000,
        Period=86_400 * 30,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


class _Bucket:
    """As much of S3 as a listing asks for: so many keys, a thousand a page."""

    def __init__(self, keys: int) -> None:
        self._keys = keys

    def get_paginator(self, _: str) -> "_Bucket":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        at = datetime(2026, 11, 26, tzinfo=UTC)
        for start in range(0, self._keys, 1000):
            numbers = range(start, min(start + 1000, self._keys))
            yield {
                "Contents": [
                    {"Key": f"parts/{n:012}.jpg", "ETag": f'"{n:032x}"', "Size": 50_000 + n, "LastModified": at}
                    for n in numbers
                ]
            }


def write_list(keys: int) -> None:
    """Prints seconds and megabytes of writing the list of a bucket of generated keys."""
    began, left, bucket = time.monotonic(), Left(), _Bucket(keys)
    with tempfile.TemporaryDirectory() as folder:
        listed = images(bucket, "s3://archive/parts/", left)  # type: ignore[arg-type] # a stand-in that lists alone
        written = listing.write(listed, Path(folder) / "images.jsonl", left, (S3Address("archive", ""),))
    assert written.images == keys
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([time.monotonic() - began, memory]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--list"]:
        write_list(int(sys.argv[2]))
    else:
        main()
