"""What an inspected image costs around its model, by counted calls: python benchmarks/inspection_cost.py [SAMPLE]

New images through the function's handler on the local service, in batches of ten; every call of its clients is
counted, and its processor time and memory taken. SAMPLE is a clone of the repository aws-samples/amazon-
rekognition-custom-labels-batch-processing: its own handler is given as many images on the same service, one an
invocation, and its state machine's waits are walked for a thousand images a day. Dollars are list prices
(inspection/own_cost.py); how long calls take on AWS was not measured.
"""

import importlib.util
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import boto3
from rows import Row, note
from support.drawing import draw
from support.inspected import Line, line
from support.local_services import Service, client, connect

from customlabels.aws import parameters
from customlabels.emulator.server import address
from customlabels.inspection.documents import inspection_text
from customlabels.inspection.functions import handlers, knowledge
from customlabels.inspection.inspection_settings import workers
from customlabels.inspection.own_cost import image_charges

IMAGES, BATCH = 200, 10
LARGE = 3_900_000
"""Bytes: ten of such images have to fit into the function's memory."""

PRICES = {
    "CopyObject": 5.00,
    "PutObject": 5.00,
    "GetObject": 0.40,
    "HeadObject": 0.40,
    "DeleteObject": 0.0,
    "DetectCustomLabels": 0.0,
}
"""Dollars a million of the sample's calls; the model's are billed by the hour."""
QUEUE, REQUEST, X86_SECOND, SAMPLE_MEMORY = 0.40, 0.20, 16.6667, 128
UNIT_HOUR = 4.0
ARRIVALS, HOURS = 1000, 8
FIRST_WAIT, NEXT_WAIT, EVERY = 900, 3540, 3600
"""Seconds: the sample's state machine, begun each hour, waits for the model, and between looks at the queue."""


def main() -> None:
    sample = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        service = connect(Path(folder) / "state")
        try:
            made = line(service, draw(Path(folder) / "images", {"across": 6, "down": 6}), Path(folder))
            surroundings(made, service)
            calls: Counter[str] = Counter()
            boto3.DEFAULT_SESSION = session = boto3.Session()
            session.events.register("before-call.*.*", lambda model, **_: calls.update([model.name]))
            ours(made, calls)
            if sample is not None:
                theirs(made, calls, sample)
        finally:
            address.stop(service.state)


def surroundings(made: Line, service: Service) -> None:
    """What Lambda, and the stack, give the function; the champion is said to be that for long."""
    sqs, ssm = client(service, "sqs"), client(service, "ssm")
    os.environ |= {
        "PROJECT": "line",
        "PROJECT_ARN": made.project_arn,
        "TABLE": made.table.name,
        "QUEUE_URL": sqs.create_queue(QueueName="arrivals")["QueueUrl"],
        "AWS_ENDPOINT_URL": service.endpoint_url,
        "AWS_ACCESS_KEY_ID": service.key,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    champion = json.dumps({"version": "v1", "arn": made.version.arn})
    for path, value in (
        (parameters.inspection_rules("line"), inspection_text(made.inspection)),
        (parameters.champion("line"), champion),
    ):
        ssm.put_parameter(Name=path, Value=value, Type="String", Overwrite=True)
    knowledge.SETTLED = knowledge.SETTLED * 0


def ours(made: Line, calls: Counter[str]) -> None:
    messages = [
        made.put(f"in/{number}.jpg", made.bodies[f"down{number % 6}"] + b"%d" % number) for number in range(IMAGES)
    ]
    look(messages[:BATCH])
    calls.clear()
    began = time.process_time()
    for first in range(BATCH, IMAGES, BATCH):
        look(messages[first : first + BATCH])
    took = (time.process_time() - began) / (IMAGES - BATCH)
    counted = each(calls, IMAGES - BATCH)
    note(Row("calls of the function for a new image", figure=in_words(counted)))
    note(Row("processor time of the function for a new image", figure=f"{1000 * took:.1f} ms"))
    calls.clear()
    for first in range(0, IMAGES, BATCH):
        look(messages[first : first + BATCH])
    note(Row("the same messages again", figure=in_words(each(calls, IMAGES))))
    large = [
        made.put(f"in/large{number}.jpg", made.bodies["down0"] + bytes([number]) * LARGE) for number in range(BATCH)
    ]
    note(Row("memory of the function, ten images of 3.9 MB", figure=f"{memory(large):.0f} MB"))
    for units, rate in ((1, 5.0), (5, 25.0)):
        charges = image_charges(workers(rate), rate)
        dollars = 1e6 * sum(charge.dollars for charge in charges)
        many = "1 unit" if units == 1 else f"{units} units"
        note(Row(f"a million images around the model, {many} at 5 a second", figure=f"${dollars:.2f}"))


def memory(messages: list[str]) -> float:
    """Megabytes that a process of its own takes for a batch."""
    code = (
        "import json, resource, sys\n"
        "from types import SimpleNamespace\n"
        "from customlabels.inspection.functions import handlers\n"
        "event = json.load(sys.stdin)\n"
        "context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60000)\n"
        "assert handlers.look(event, context) == {'batchItemFailures': []}\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(event(messages)), capture_output=True, text=True, check=True
    )
    return float(run.stdout.splitlines()[-1])


def event(messages: list[str]) -> dict[str, Any]:
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(messages)]}


def look(messages: list[str]) -> None:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
    with redirect_stdout(io.StringIO()):
        answer = handlers.look(event(messages), context)
    assert answer == {"batchItemFailures": []}, answer


def theirs(made: Line, calls: Counter[str], sample: Path) -> None:
    made.service.s3.create_bucket(Bucket="final")
    os.environ |= {"rekognition_model_project_version_arn": made.version.arn, "Final_S3_Bucket_Name": "final"}
    handler = handler_of(sample / "functions" / "analyse_image" / "app.py")
    messages = [made.put(f"sample/{number}.jpg", made.bodies["down0"] + b"s%d" % number) for number in range(IMAGES)]
    calls.clear()
    began = time.process_time()
    with redirect_stdout(io.StringIO()):
        for message in messages:
            handler(event([message]), None)
    took = (time.process_time() - began) / IMAGES
    counted = each(calls, IMAGES)
    note(Row("calls of AWS's sample for an image", figure=in_words(counted)))
    note(Row("processor time of AWS's sample for an image", figure=f"{1000 * took:.1f} ms"))
    # It is given as long as ours: half a second, and what a call of a worker of ours takes.
    seconds = workers(5.0) / 5.0
    parts = {
        "S3": sum(count * PRICES[name] for name, count in counted.items()),
        "queue": 3 * QUEUE,
        "function": REQUEST + seconds * SAMPLE_MEMORY / 1024 * X86_SECOND,
    }
    named = ", ".join(f"{name} ${dollars:.2f}" for name, dollars in parts.items())
    figure = f"${sum(parts.values()):.2f}: {named}"
    note(Row("a million images around the model, AWS's sample", figure=figure))
    for what, arrivals in (
        ("over eight hours", [second * HOURS * 3600 / ARRIVALS for second in range(ARRIVALS)]),
        ("at once", [0.0] * ARRIVALS),
    ):
        up = up_of_sample(arrivals)
        note(
            Row(
                f"a thousand images a day that arrive {what}, AWS's sample",
                figure=f"model up for {up / 3600:.2f} h, ${up / 3600 * UNIT_HOUR:.2f}",
            )
        )


def up_of_sample(arrivals: list[float], rate: float = 5.0) -> float:
    """Seconds for which the sample's model is up in a day, its start apart: each hour it is started where images wait.

    A model that takes `rate` a second is behind only what came before it was up.
    """
    up, waiting_since, busy_until = 0.0, 0.0, -1.0
    for hour in range(25):
        now = float(hour * EVERY)
        if now < busy_until or not any(waiting_since <= arrival <= now for arrival in arrivals):
            continue
        began = now + FIRST_WAIT
        waiting = sum(waiting_since <= arrival <= began for arrival in arrivals)
        looks = math.ceil(max(waiting / rate, 1.0) / NEXT_WAIT)
        up += looks * NEXT_WAIT
        busy_until = waiting_since = began + looks * NEXT_WAIT
    return up


def handler_of(path: Path) -> Callable[[Any, Any], Any]:
    spec = importlib.util.spec_from_file_location("sample", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, Any], Any] = module.lambda_handler
    return handler


def each(calls: Counter[str], images: int) -> dict[str, float]:
    return {name: count / images for name, count in sorted(calls.items())}


def in_words(counted: dict[str, float]) -> str:
    return ", ".join(f"{name} {count:.2f}" for name, count in counted.items()) or "none"


if __name__ == "__main__":
    main()
