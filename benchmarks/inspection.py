"""Images inspected while function and service are killed: python benchmarks/inspection.py [IMAGES] [KILLS]

Each image has its event; a tenth of them come twice, a tenth come late, and all of them out of order. The function's
processes and the service itself are killed at random moments. Afterwards every image has to have one result, however
often it was told of; then all events come once more, and the service starts anew. Calls to the model are counted by a
proxy before the service.
"""

import compileall
import io
import os
import random
import signal
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rows import Row, note
from standing import processor_seconds
from support.drawing import draw
from support.inspected import BUCKET, message
from support.interception import Call, intercepted
from support.local_services import Service, client, connect
from support.processes import children
from support.shells import Shell
from timing import compare, python

from customlabels.aws.stacks.packaging import functions_zip
from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.inspection.claims import Table
from customlabels.inspection.pace import lease
from customlabels.inspection.stack.inspection_stack import HANDLERS
from customlabels.inspection.stack.template import names_of
from customlabels.session import Session

SETTINGS = f"""
[project]
name = "surface"
bucket = "customlabels-local"
[schedule]
[[schedule.window]]
days = "daily"
start = "00:00"
stop = "00:00"
[inspection]
source = "s3://{BUCKET}/in/"
defects = ["across"]
on_defect = "tag"
workers = 4
[detect]
rate = 100
"""
PACE = address.Pace(scale=0.05, rate=100.0)
TIMEOUT, HIDDEN = 15, 16
"""Seconds; on AWS 60 and 360: nobody waits for six minutes after each kill."""

RATE = 16
"""Images a second that this is through with: kills come while images are looked at, not after them."""

ROUNDS = 9
SEED = 7


def main() -> None:
    images, kills = (*map(int, sys.argv[1:]), *(5000, 200)[len(sys.argv) - 1 :])
    size()
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder))
        service = connect(shell.state, pace=PACE)
        try:
            survive(shell, service, images, kills)
            restart(shell, images)
            share_of_the_rate(connect(shell.state))
        finally:
            address.stop(shell.state)


def size() -> None:
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    body = functions_zip(HANDLERS)
    note(Row("zip of the inspection's function", figure=f"{len(body) / 1000:.1f} KB"))
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(io.BytesIO(body)).extractall(folder)
        # Nothing can be written beside the code on AWS: it is compiled by each environment that starts.
        unwritten = "import sys; sys.dont_write_bytecode = True; "
        program = f"{unwritten}sys.path.insert(0, sys.argv[1]); from {HANDLERS} import look"
        boto3 = {"import boto3": python("import boto3")}
        compare("function look imported and compiled", python(program, folder), boto3, ROUNDS)
        compileall.compile_dir(folder, quiet=1)
        compare("function look imported", python(program, folder), boto3, ROUNDS)


def survive(shell: Shell, service: Service, images: int, kills: int) -> None:
    chance = random.Random(SEED)
    session, bodies = prepared(shell, service, images)
    calls, lock = Counter[str](), threading.Lock()

    def count(call: Call) -> None:
        with lock:
            calls[call.what] += 1

    with intercepted(service.endpoint_url, answered=count) as proxy:
        queue = deployed(session, service, proxy)
        messages = put(service, bodies, chance)
        began = time.monotonic()
        struck = Counter[str]()
        stop = threading.Event()
        killer = threading.Thread(target=kill, args=(shell, kills, images / RATE / kills, struck, stop, chance))
        killer.start()
        send(shell, queue, told(messages, chance))
        settle(shell, queue)
        stop.set()
        killer.join()
        again = settle_dead(shell, session)
        took = time.monotonic() - began
        results = judged(shell)
        first = calls["DetectCustomLabels"]
        lost, second = [key for key in messages if results[key] == 0], sum(count > 1 for count in results.values())
        note(
            Row(
                f"{images:,} images, {struck.total()} kills, events doubled, late and out of order",
                figure=f"lost {len(lost)}, second results {second}, calls {first:,} of at most "
                f"{images + struck.total():,}, {again} dead letters put back",
            )
        )
        print(f"{images / took:.1f} images a second on this machine, kills and waits for what they held included")
        assert (lost[:5], second) == ([], 0), struck
        assert first <= images + struck.total(), (first, struck)
        send(shell, queue, list(messages.values()))
        settle(shell, queue)
        note(Row("the same images again", figure=f"{calls['DetectCustomLabels'] - first} calls"))


def restart(shell: Shell, images: int) -> None:
    """Kills the service once more, and takes what its next start costs, the first answers included."""
    running = address.running(shell.state)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    service = connect(shell.state)
    # Whatever is brought in when it is first asked for.
    client(service, "dynamodb").describe_table(TableName=names_of("surface").table)
    client(service, "sqs").list_queues()
    service.s3.list_objects_v2(Bucket=BUCKET, MaxKeys=1)
    again = address.running(shell.state)
    assert again is not None
    figure = f"{processor_seconds(again.pid):.2f} processor seconds"
    note(Row(f"local service killed and started again after {images:,} images were inspected", figure=figure))


def prepared(shell: Shell, service: Service, images: int) -> tuple[Session, dict[str, bytes]]:
    """A champion that runs; and a body a key, no two alike."""
    (shell.folder / "customlabels.toml").write_text(SETTINGS)
    draw(shell.folder / "photos", {"across": 6, "down": 6})
    shell.run("--local", "train", "photos", "--version-name", "v1")
    shell.run("--local", "versions", "promote", "v1", "--force")
    shell.run("--local", "schedule", "deploy", "--yes")
    shell.run("--local", "model", "start", "v1", "--yes")
    service.s3.create_bucket(Bucket=BUCKET)
    drawn = [path.read_bytes() for path in sorted((shell.folder / "photos").rglob("*.jpg"))]
    # What follows the end of a JPEG makes it another file of the same picture.
    bodies = {f"in/{number:05}.jpg": drawn[number % len(drawn)] + b"%d" % number for number in range(images)}
    return Session(local=True, config=shell.folder / "customlabels.toml"), bodies


def deployed(session: Session, service: Service, proxy: str) -> str:
    """The inspection, its function's calls to the model going through the proxy; the URL of its queue."""
    session.deploy_inspection(lambda changes: True)
    names, functions, sqs = names_of("surface"), client(service, "lambda"), client(service, "sqs")
    held = functions.get_function_configuration(FunctionName=names.function)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=names.function,
        Timeout=TIMEOUT,
        Environment={"Variables": {**held, "AWS_ENDPOINT_URL_REKOGNITION": proxy}},
    )
    url = sqs.get_queue_url(QueueName=names.queue)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(HIDDEN)})
    # The bucket's own events would come beside those that are doubled, late and out of order here.
    service.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    return str(url)


def put(service: Service, bodies: dict[str, bytes], chance: random.Random) -> dict[str, str]:
    """Puts the objects; the message of each by its key, in the order of chance."""

    def one(key: str) -> tuple[str, str]:
        answer = service.s3.put_object(Bucket=BUCKET, Key=key, Body=bodies[key])
        return key, message(key, answer["ETag"].strip('"'), len(bodies[key]))

    keys = list(bodies)
    chance.shuffle(keys)
    with ThreadPoolExecutor(8) as threads:
        return dict(threads.map(one, keys))


def told(messages: dict[str, str], chance: random.Random) -> list[tuple[str, int]]:
    """Messages with seconds after which they come: a tenth twice, a tenth late."""
    events = [(body, chance.randint(1, 20) if chance.random() < 0.1 else 0) for body in messages.values()]
    events += [(body, chance.randint(0, 20)) for body in messages.values() if chance.random() < 0.1]
    chance.shuffle(events)
    return events


def send(shell: Shell, queue: str, events: list[Any]) -> None:
    """Sends messages in tens, whatever is killed meanwhile: a sender's own retries."""
    pairs = [event if isinstance(event, tuple) else (event, 0) for event in events]
    for first in range(0, len(pairs), 10):
        entries = [
            {"Id": str(number), "MessageBody": body, "DelaySeconds": delay}
            for number, (body, delay) in enumerate(pairs[first : first + 10])
        ]
        alive(shell, "sqs", lambda sqs, entries=entries: sqs.send_message_batch(QueueUrl=queue, Entries=entries))


def alive(shell: Shell, name: str, call: Any) -> Any:
    """What a call gives, made again while the service is being killed."""
    while True:
        try:
            return call(client(connect(shell.state), name))
        except Exception as error:
            if "EndpointConnectionError" not in repr(error) and "Connection" not in repr(error):
                raise
            time.sleep(0.3)


def kill(
    shell: Shell, kills: int, seconds: float, struck: Counter[str], stop: threading.Event, chance: random.Random
) -> None:
    """Kills a function's process, or one time in ten the service, again and again, so many seconds apart."""
    while struck.total() < kills and not stop.wait(chance.uniform(0, 2 * seconds)):
        running = address.running(shell.state)
        if running is None:
            continue
        functions = children(running.pid, "bootstrap")
        if chance.random() < 0.1:
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGKILL)
            struck["service"] += 1
            time.sleep(0.2)
            with suppress(Exception):
                connect(shell.state)
        elif functions:
            with suppress(ProcessLookupError):
                os.kill(int(chance.choice(functions).name), signal.SIGKILL)
            struck["function"] += 1


def settle(shell: Shell, queue: str) -> None:
    """Waits until the queue is empty and nothing is under way in it."""
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]

    def look() -> bool | None:
        told = alive(shell, "sqs", lambda sqs: sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names))
        left = sum(int(told["Attributes"][name]) for name in names)
        print(f"\r{left:6} left ", end="", file=sys.stderr, flush=True)
        return None if left else True

    wait_for(look, what="the queue", most=4 * 3600)


def settle_dead(shell: Shell, session: Session) -> int:
    """Puts dead letters back, as customlabels inspection retry does, until there are none; how many."""
    names, moved = names_of("surface"), 0
    while True:
        count, _ = session.dead_letters()
        if not count:
            return moved
        session.retry_inspection()
        moved += count
        url = alive(shell, "sqs", lambda sqs: sqs.get_queue_url(QueueName=names.queue)["QueueUrl"])
        settle(shell, url)


def judged(shell: Shell) -> Counter[str]:
    """How many results each key has: sightings that are done, by their key; and analyses, which may be one an image."""
    dynamodb = client(connect(shell.state), "dynamodb")
    sightings, analyses = Counter[str](), Counter[str]()
    for page in dynamodb.get_paginator("scan").paginate(TableName=names_of("surface").table):
        for item in page["Items"]:
            if item.get("state", {}).get("S") != "done":
                continue
            if item["sk"]["S"].startswith("k#"):
                sightings[item["object"]["S"]] += 1
            elif item["sk"]["S"].startswith("a#"):
                analyses[item["pk"]["S"]] += 1
    assert max(analyses.values(), default=0) <= 1
    return sightings


def share_of_the_rate(service: Service) -> None:
    """What workers make of a rate, leasing from the same item; the rate is doubled half way."""
    for workers, rate in ((2, 2.0), (10, 18.0), (50, 98.0)):
        taken, refused = paced(service, workers, rate, 120.0)
        note(
            Row(
                f"{workers} workers at {rate:g} images a second, doubled half way",
                figure=f"{taken:.1%} of the rate used, {refused:.2%} throttled",
            )
        )


def paced(service: Service, workers: int, rate: float, seconds: float) -> tuple[float, float]:
    """The share of the rate that workers used, and of their calls that a model of that rate would have throttled."""
    dynamodb, name = client(service, "dynamodb"), names_of("surface").table
    table = Table(dynamodb, name)
    key = {"pk": {"S": f"pace#{workers}"}, "sk": {"S": "-"}}

    def keep(value: float) -> None:
        dynamodb.update_item(
            TableName=name,
            Key=key,
            UpdateExpression="SET #rate = :rate",
            ExpressionAttributeNames={"#rate": "rate"},
            ExpressionAttributeValues={":rate": {"N": str(value)}},
        )

    keep(rate)
    began, calls, lock = time.time(), list[float](), threading.Lock()
    half, ends = began + seconds / 2, began + seconds

    def work() -> None:
        while time.time() < ends:
            now = int(time.time() * 1000)
            for turn in lease(table, f"{workers}", 10, rate=rate, now=now, latest=now + 120_000):
                time.sleep(max(0.0, turn / 1000 - time.time()))
                with lock:
                    calls.append(time.time())

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, half - time.time()))
    keep(2 * rate)
    for thread in threads:
        thread.join()
    within = sorted(call for call in calls if call < ends)
    return len(within) / (rate * seconds * 1.5), throttled(within, half, rate)


def throttled(calls: list[float], half: float, rate: float) -> float:
    """The share of calls that a bucket of one second's tokens would refuse."""
    tokens, last, refused = rate, calls[0], 0
    for call in calls:
        now = rate if call < half else 2 * rate
        tokens = min(now, tokens + (call - last) * now)
        last = call
        if tokens >= 1:
            tokens -= 1
        else:
            refused += 1
    return refused / len(calls)


if __name__ == "__main__":
    main()
