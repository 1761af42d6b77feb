"""Frames of videos, and the router of images to analyzers: python benchmarks/video.py

Frames every two seconds of two minutes of H.264, as a camera writes it, beside ffmpeg's own binary that does the
same; a video of ten hours beside one of one; 1,000 images shown to three analyzers, and once more.
"""

import io
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image
from rows import Row, note
from timing import PEERS, compare, customlabels, run

from customlabels.core.addresses import S3Address
from customlabels.emulator.testing import local_service
from customlabels.inspection.stack.template import names_of
from customlabels.session import Session

SECONDS, HOURS = 120, 10
ANALYZERS = ["text", "moderation", "labels"]
IMAGES, DISTINCT = 1000, 900


def ffmpeg() -> str:
    """The binary that imageio-ffmpeg brings."""
    code = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
    return subprocess.run([PEERS / "python", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def film(binary: str, path: Path, size: str, rate: int, seconds: int) -> Path:
    """A video of what moves everywhere, a key frame every two seconds."""
    source = f"testsrc2=size={size}:rate={rate}:duration={seconds}"
    quiet = ("-loglevel", "error", "-y")
    words = [binary, *quiet, "-f", "lavfi", "-i", source, "-c:v", "libx264", "-g", str(2 * rate), str(path)]
    subprocess.run(words, check=True)
    return path


def long(binary: str, minute: Path, path: Path, minutes: int) -> Path:
    """A minute shown again and again, nothing of it encoded anew."""
    words = [binary, "-loglevel", "error", "-y", "-stream_loop", str(minutes - 1), "-i", str(minute), "-c", "copy"]
    subprocess.run([*words, str(path)], check=True)
    return path


def frames(folder: Path) -> None:
    binary = ffmpeg()
    video, number = film(binary, folder / "line.mp4", "1280x720", 25, SECONDS), iter(range(1000))

    def ours(*more: str) -> list[str]:
        return customlabels(
            "-q", "dataset", "frames", video, "--every", "2s", *more, "--to", folder / f"o{next(number)}"
        )

    def theirs() -> list[str]:
        to = folder / f"f{next(number)}"
        to.mkdir()
        picked = ("-vf", "select=isnan(prev_selected_t)+gte(t-prev_selected_t\\,2)", "-fps_mode", "vfr", "-q:v", "2")
        return [binary, "-loglevel", "error", "-i", str(video), *picked, str(to / "%05d.jpg")]

    what = f"dataset frames, every 2 s of {SECONDS} s of 1280×720 H.264"
    compare(what, ours, {"ffmpeg": theirs}, rounds=5)
    compare(f"{what}, key frames alone", lambda: ours("--key-frames"), {"ffmpeg, every frame": theirs}, rounds=5)
    first, second = (len(list(folder.glob(f"{kind}*/*.jpg"))) for kind in "of")
    assert first == second, (first, second)


def hours(folder: Path) -> None:
    binary = ffmpeg()
    minute = film(binary, folder / "minute.mp4", "320x240", 10, 60)
    used = {}
    for length in (1, HOURS):
        video = long(binary, minute, folder / f"{length}.mp4", 60 * length)
        used[length] = run(
            customlabels("-q", "dataset", "frames", video, "--every", "30s", "--to", folder / str(length))
        )
        assert len(list((folder / str(length)).glob("*.jpg"))) == 120 * length
    ratio = f"{used[HOURS].memory / used[1].memory:.2f}"
    figure = f"{used[HOURS].memory:.0f} MB and {used[HOURS].seconds:.0f} s; beside {used[1].memory:.0f} MB"
    note(Row(f"memory of dataset frames, a video of {HOURS} hours", "one hour", ratio, figure))


def router() -> None:
    with local_service() as url:
        session = Session(endpoint_url=url, region="us-east-1")
        session.clients.s3.create_bucket(Bucket="line")
        session.clients.dynamodb.create_table(
            TableName=names_of("router").table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        images = []
        for number in range(IMAGES):
            body = io.BytesIO()
            pixels = np.random.default_rng(number % DISTINCT).integers(0, 255, (80, 80, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(body, "PNG")
            tags = "rekognition-text=LOT:99&rekognition-moderation=&rekognition-labels=Person:90"
            session.clients.s3.put_object(Bucket="line", Key=f"{number}.png", Body=body.getvalue(), Tagging=tags)
            images.append((f"{number}.png", S3Address("line", f"{number}.png")))
        calls: Counter[str] = Counter()
        session.clients.rekognition.meta.events.register(
            "before-call.rekognition.*", lambda model, **_: calls.update([model.name])
        )
        for what in (
            f"{IMAGES:,} images, {DISTINCT} distinct, shown to {len(ANALYZERS)} analyzers",
            "the same images again to them",
        ):
            calls.clear()
            seen = dict(session.analyses(images, ANALYZERS, results_of="router", rate=1000))
            assert len(seen) == IMAGES
            note(
                Row(
                    what,
                    figure=f"{calls.total():,} calls; {DISTINCT} × {len(ANALYZERS)} = {DISTINCT * len(ANALYZERS):,}",
                )
            )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        frames(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        hours(Path(folder))
    router()


if __name__ == "__main__":
    main()
