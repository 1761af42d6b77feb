"""5,000 images of 50 KB put into S3, beside `aws s3 sync`, s5cmd and boto3; then once more, with nothing changed.

python benchmarks/upload.py [IMAGES]. The server is a stub that keeps nothing; what is measured is the client's
processor time. Ours hashes every image before it uploads, sync compares sizes and times. In the end the stub answers
after 30 ms, as a network has it, and what counts is how many images are put a second.
"""

import itertools
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rows import Row, note
from timing import AGAINST, compare, peer, python, run

IMAGES, BYTES = 5000, 50_000
LATENCY = 30
"""Milliseconds."""
ROUNDS = 5

OURS = """
import sys
import time
from pathlib import Path
from customlabels.aws.clients import Clients, Connection
from customlabels.datasets.model import Dataset, ImageInfo, ImageRecord, Side
from customlabels.datasets.contents import hash_all
from customlabels.pipelines.training.run_plan import Plan
from customlabels.pipelines.training.upload import missing_images, upload_images

folder, endpoint, prefix = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
paths = sorted(folder.rglob("*.jpg"))
records = tuple(
    ImageRecord(str(p.relative_to(folder)), p, ("x",), ImageInfo(64, 64, "JPEG", p.stat().st_size), Side.TRAIN)
    for p in paths
)
hashes = dict(zip((r.name for r in records), hash_all(paths), strict=True))
plan = Plan("bench", "v", "bench", prefix, Dataset(folder, records), hashes, "", "")
s3 = Clients(Connection(None, "us-east-1", endpoint)).s3
missing = missing_images(s3, plan)
began = time.perf_counter()
upload_images(s3, plan, missing, lambda count: None)
print(len(missing) / (time.perf_counter() - began))
"""
BOTO3 = """
import os, sys, time, boto3
from botocore.config import Config
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

folder, endpoint, prefix, threads = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(max_pool_connections=threads))
def put(path):
    s3.put_object(Bucket="bench", Key=f"{prefix}/{path.relative_to(folder)}", Body=path.read_bytes())
paths = sorted(folder.rglob("*.jpg"))
began = time.perf_counter()
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(put, paths))
print(len(paths) / (time.perf_counter() - began))
"""


@contextmanager
def stub(milliseconds: int = 0) -> Iterator[str]:
    """The address of an S3 that waits for so long before it answers."""
    words = [sys.executable, str(Path(__file__).with_name("stub_s3.py")), str(milliseconds)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()


def main(images: int) -> None:
    os.environ.update(AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any", AWS_DEFAULT_REGION="us-east-1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = random.Random(0)
        for number in range(images):
            path = folder / f"label-{number % 4}" / f"{number:05}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(source.randbytes(BYTES))
        with stub() as endpoint:
            cost(name, endpoint, images)
        if AGAINST not in os.environ:
            with stub(LATENCY) as endpoint:
                speed(name, endpoint, images)


def cost(name: str, endpoint: str, images: int) -> None:
    """Notes what an upload takes of the processor."""
    numbers = itertools.count()

    def ours(prefix: str) -> list[str]:
        return python(OURS, name, endpoint, prefix)

    def sync(prefix: str) -> list[str]:
        return peer("aws", "--endpoint-url", endpoint, "s3", "sync", name, f"s3://bench/{prefix}", "--quiet")

    def s5cmd(prefix: str) -> list[str]:
        return peer("s5cmd", "--endpoint-url", endpoint, "cp", f"{name}/", f"s3://bench/{prefix}/")

    def boto3(prefix: str) -> list[str]:
        return peer("python", "-c", BOTO3, name, endpoint, prefix, 10)

    def fresh(command: Callable[[str], list[str]]) -> Callable[[], list[str]]:
        return lambda: command(f"run-{next(numbers)}")

    compare(
        f"{images:,} images of {BYTES // 1000} KB hashed and put into S3",
        fresh(ours),
        {"aws s3 sync": fresh(sync), "boto3, 10 threads": fresh(boto3), "s5cmd": fresh(s5cmd)},
    )
    for command in (ours, sync):
        run(command("same"))
    compare("the same once more, nothing changed", ours("same"), {"aws s3 sync, which hashes nothing": sync("same")})


def speed(name: str, endpoint: str, images: int) -> None:
    """Notes how many images are put a second, with boto3 in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(ROUNDS):
        for rates, command in (
            (ours, python(OURS, name, endpoint, f"ours-{number}")),
            (theirs, peer("python", "-c", BOTO3, name, endpoint, f"theirs-{number}", 32)),
        ):
            rates.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    ratios = [own / its for own, its in zip(ours, theirs, strict=True)]
    note(
        Row(
            f"{images:,} images of {BYTES // 1000} KB put at {LATENCY} ms of latency, images a second",
            "boto3, 32 threads",
            f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})",
            f"{statistics.median(ours):.0f} a second; beside {statistics.median(theirs):.0f}",
            ROUNDS,
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
