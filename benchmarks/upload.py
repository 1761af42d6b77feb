"""5,000 images of 50 KB put into S3, beside `aws s3 sync`; then once more, with nothing changed.

python benchmarks/upload.py [IMAGES]. The server is a stub that keeps nothing; what is measured is the client's
processor time. Ours hashes every image before it uploads, sync compares sizes and times.
"""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import compare, python

IMAGES, BYTES = 5000, 50_000

OURS = """
import sys
from pathlib import Path
from customlabels.core.aws import Clients, Connection
from customlabels.datasets.model import Dataset, ImageInfo, ImageRecord, Side
from customlabels.datasets.probe import hash_all
from customlabels.pipelines.plan import Plan
from customlabels.pipelines.upload import missing_images, upload_images

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
upload_images(s3, plan, missing, lambda count: None)
"""


def main(images: int) -> None:
    os.environ.update(AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any", AWS_DEFAULT_REGION="us-east-1")
    stub = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("stub_s3.py"))], stdout=subprocess.PIPE, text=True
    )
    assert stub.stdout is not None
    endpoint = stub.stdout.readline().strip()
    aws = str(Path(sys.executable).parent / "aws")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = random.Random(0)
        for number in range(images):
            path = folder / f"label-{number % 4}" / f"{number:05}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(source.randbytes(BYTES))
        try:
            rounds = [0]

            def fresh() -> dict[str, list[str]]:
                rounds[0] += 1
                sync = [aws, "--endpoint-url", endpoint, "s3", "sync", name, f"s3://bench/sync-{rounds[0]}", "--quiet"]
                return {"customlabels": python(OURS, name, endpoint, f"ours-{rounds[0]}"), "aws s3 sync": sync}

            for _ in range(3):
                compare(f"{images:,} images of {BYTES // 1000} KB", fresh(), rounds=1)
            same = {
                "customlabels": python(OURS, name, endpoint, "ours-1"),
                "aws s3 sync": [aws, "--endpoint-url", endpoint, "s3", "sync", name, "s3://bench/sync-1", "--quiet"],
            }
            compare("once more, nothing changed", same, rounds=5)
        finally:
            stub.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
