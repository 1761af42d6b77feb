"""Whether a training comes to the same on other kinds of processor: python benchmarks/processors.py

numpy, OpenBLAS and OpenCV are told which instructions they may use, and round differently with each. Sets of images are
trained on under each setting, with labels and with boxes; the labels, what the model finds on every image, and (within
TOLERANCE) the thresholds have to be those of this processor as it is.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from rows import Row, note
from support.drawing import SIDE, draw, squares
from support.stored_images import store_images

from customlabels.datasets.boxes import overlap
from customlabels.datasets.files import image_files
from customlabels.datasets.samples import make_samples
from customlabels.emulator.customlabels import inference
from customlabels.emulator.engine import job
from customlabels.emulator.engine.images import read_bodies
from customlabels.emulator.engine.job_files import OUTCOME
from customlabels.emulator.server.address import VERSIONS_FOLDER
from customlabels.manifests.entries import read_entries
from customlabels.manifests.files import manifest_lines
from customlabels.manifests.lines import entry_line

TOLERANCE = 0.01
"""Of a threshold, 0..1."""

OVERLAP = 0.8
"""Of a box with that which was found as it is, at least."""

KINDS, BUCKET = ("stripes", "samples", "squares"), "processors"
SETTINGS = ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENCV_CPU_DISABLE", "OPENCV_IPP")
_FOUND = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
_WIDE = " ".join(name for name in _FOUND if "AVX512" in name or name == "X86_V4")
_ALL = " ".join(_FOUND)
_OLD = "AVX512-SKX,AVX512-COMMON,AVX512F,AVX2,FMA3,FP16,AVX"

PROCESSORS: dict[str, dict[str, str]] = {
    "as it is": {},
    "SkylakeX": {"OPENBLAS_CORETYPE": "SkylakeX"},
    "Haswell": {
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": _WIDE,
        "OPENCV_CPU_DISABLE": "AVX512-SKX",
        "OPENCV_IPP": "avx2",
    },
    "Zen": {
        "OPENBLAS_CORETYPE": "Zen",
        "NPY_DISABLE_CPU_FEATURES": _WIDE,
        "OPENCV_CPU_DISABLE": "AVX512-SKX",
        "OPENCV_IPP": "disabled",
    },
    "Prescott": {
        "OPENBLAS_CORETYPE": "Prescott",
        "NPY_DISABLE_CPU_FEATURES": _ALL,
        "OPENCV_CPU_DISABLE": _OLD,
        "OPENCV_IPP": "sse42",
    },
}

Detections = list[tuple[str, float, list[float]]]
"""What is found on an image at a confidence of its threshold or more: label, confidence, box (none at image level)."""


def filled(folder: Path) -> Path:
    """A state with three trainings to be done: stripes and sample images of several labels, and squares in boxes."""
    draw(folder / "stripes", {"across": 6, "down": 6})
    make_samples(folder / "samples", images=16)
    bodies: dict[str, bytes] = {}
    lines: dict[str, list[bytes]] = {}
    for kind in ("stripes", "samples"):
        images = image_files(folder / kind)
        bodies |= {f"{kind}/{name}": path.read_bytes() for name, path in images}
        lines[kind] = [entry_line(f"s3://{BUCKET}/{kind}/{name}", (path.parent.name,)) for name, path in images]
    for number in range(32):
        key = f"squares/{number}.png"
        bodies[key], boxes = squares(number)
        lines.setdefault("squares", []).append(entry_line(f"s3://{BUCKET}/{key}", (), boxes, (SIDE, SIDE, 1)))
    store_images(folder / "state", BUCKET, bodies)
    for kind, own in lines.items():
        training = folder / "state" / VERSIONS_FOLDER / kind
        training.mkdir(parents=True)
        (training / "train.manifest").write_bytes(b"".join(own))
    return folder / "state"


def trained(state: Path) -> dict[str, Any]:
    """Of each training its labels, thresholds and F1, and what the model finds on every image that it was given."""
    results = {}
    for kind in KINDS:
        folder = state / VERSIONS_FOLDER / kind
        job.run(state, folder, "")
        outcome = json.loads((folder / OUTCOME).read_bytes())
        model, thresholds = inference.load_model(folder)
        entries = list(read_entries(manifest_lines(folder / "train.manifest")))
        bodies = read_bodies(state, [entry.image for entry in entries])
        results[kind] = {
            "labels": outcome["labels"],
            "thresholds": outcome["thresholds"],
            "f1": outcome["f1"],
            "images": {
                str(entry.source_ref): [
                    (label, confidence, list(box.values()) if box else [])
                    for confidence, label, box in inference.predicted(model, body, state)
                    if confidence >= thresholds[label]
                ]
                for entry, body in zip(entries, bodies, strict=True)
                if body is not None
            },
        }
    return results


def on(processor: str, state: Path) -> dict[str, Any]:
    """What `trained` comes to in a process that is told to be on a kind of processor."""
    copy = state.with_name(processor.replace(" ", "-"))
    shutil.copytree(state, copy)
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS} | PROCESSORS[processor]
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, __file__, str(copy)], env=environment, stdout=subprocess.PIPE, check=True)
    results: dict[str, Any] = json.loads(done.stdout)
    return results


def differences(kind: str, usual: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What does not come to the same."""
    if usual["labels"] != other["labels"]:
        return [f"{kind}: labels {usual['labels']}, {other['labels']}"]
    differing = [
        f"{kind}: the threshold of {label} is {before:.6f}, {after:.6f}"
        for label, before, after in zip(usual["labels"], usual["thresholds"], other["thresholds"], strict=True)
        if abs(before - after) > TOLERANCE
    ]
    return differing + [
        f"{name}: {shown(before)}; {shown(other['images'][name])}"
        for name, before in usual["images"].items()
        if not alike(before, other["images"][name])
    ]


def shown(labels: Detections) -> str:
    return ", ".join(f"{label} {confidence:.3f}" for label, confidence, _ in labels) or "nothing"


def alike(usual: Detections, other: Detections) -> bool:
    """Whether the same labels are found, in about the same boxes."""
    left = list(other)
    for label, _, box in usual:
        near = [detected for detected in left if detected[0] == label and shared(box, detected[2]) >= OVERLAP]
        if not near:
            return False
        left.remove(near[0])
    return not left


def shared(box: list[float], other: list[float]) -> float:
    """How much two boxes (width, height, left, top) overlap; 1 where there are none."""
    return overlap([*box[2:], *box[:2]], [*other[2:], *other[:2]]) if box else 1.0


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        state = filled(Path(folder))
        results = dict(zip(PROCESSORS, pool.map(lambda processor: on(processor, state), PROCESSORS), strict=True))
    usual, *others = PROCESSORS
    failed = 0
    for processor in others:
        pairs = [(kind, results[usual][kind], results[processor][kind]) for kind in KINDS]
        differing = [difference for pair in pairs for difference in differences(*pair)]
        print(*differing, sep="\n")
        failed += len(differing)
        moved = max(
            abs(before - after)
            for _, training, other in pairs
            for before, after in zip(training["thresholds"], other["thresholds"], strict=True)
        )
        images = sum(len(training["images"]) for _, training, _ in pairs)
        figure = f"{len(differing)} differences on {images} images, thresholds up to {moved:.1g} apart"
        note(Row(f"trainings as on {processor}", figure=figure))
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(trained(Path(sys.argv[1]))))
    else:
        sys.exit(main())
