"""How honest a review's figures are in simulated productions, how many wrong labels are found, and what kills lose.

python benchmarks/review.py [WORLDS [KILLS]]. A production has 20,000 images, of which 3 % have a defect; a tenth of
those surprise the model. 600 are picked and answered rightly. Beside it the 600 nearest to the threshold, unweighted.
The prior of estimates was chosen by earlier worlds of the first kind; none of those is among these. Then other kinds of
productions, each of worlds of its own: of the same random numbers, intervals would be right or wrong together.
"""

import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from rows import Row, note

from customlabels.core.watching import UNWATCHED
from customlabels.datasets.model import Dataset
from customlabels.datasets.samples import make_samples
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review import journal
from customlabels.review.estimates import Figure, LabelEstimate, Weighed, estimates
from customlabels.review.pick import Candidate, Cut, Group, Shares, Stratum, Thresholds, lot, pick
from customlabels.review.suspects import suspects
from customlabels.review.tasks import Task, add_tasks

WORLDS, IMAGES, REVIEWED, KILLS = 1000, 20_000, 600, 200
FLIPPED, SHOWN, SETS, A_LABEL = 0.05, 0.1, 6, 50
CUT = Cut(Thresholds(50.0))
FRESH, APART = 3000, 100_000
"""The first world, those before it being what the prior was chosen by; and how far apart the first of two kinds are."""


class Kind(NamedTuple):
    """A production: the part that has a defect, how many of those surprise the model, how clear the others are."""

    defective: float = 0.03
    surprising: float = 0.1
    clear: float = 2.46


KINDS = {
    "": Kind(),
    ", one of ten images defective": Kind(defective=0.1),
    ", three of ten defects surprising": Kind(surprising=0.3),
    ", a weaker model": Kind(clear=1.0),
    ", a surer model": Kind(clear=4.0),
    ", no defect surprising": Kind(surprising=0.0),
    ", half of the defects surprising": Kind(surprising=0.5),
}


def world(seed: int, kind: Kind) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which images have a defect, and the model's confidences."""
    rng = np.random.default_rng(seed)
    true = rng.random(IMAGES) < kind.defective
    surprising = true & (rng.random(IMAGES) < kind.surprising)
    decisions = np.where(true & ~surprising, rng.normal(kind.clear, 1.6, IMAGES), rng.normal(-4, 1.45, IMAGES))
    return true, 100 / (1 + np.exp(-decisions))


def drawn(confidences: NDArray[np.float64], lots: NDArray[np.float64]) -> dict[str, NDArray[np.intp]]:
    """What `pick` picks of each group by those lots, for arrays; `check` sees that it does."""
    order = np.argsort(lots)
    near = np.abs(confidences - 50) <= CUT.band
    groups = np.where(near, "near", np.where(confidences >= 50, "defect", "rest"))[order]
    most = {"near": round(REVIEWED * Shares().near), "defect": round(REVIEWED * Shares().defect), "rest": 0}
    at_random = REVIEWED - sum(most.values())
    while True:
        count = {group: min(int((groups == group).sum()), int((groups[:at_random] == group).sum()) + most[group])
                 for group in most}  # fmt: skip
        if sum(count.values()) >= REVIEWED:
            return {group: order[np.flatnonzero(groups == group)[: count[group]]] for group in most}
        at_random += REVIEWED - sum(count.values())


def check(confidences: NDArray[np.float64], seed: int) -> None:
    """Sees that `drawn` picks what `pick` does."""
    candidates = [
        Candidate(str(number), "", "", (DetectedLabel("defect", float(confidence)),))
        for number, confidence in enumerate(confidences)
    ]
    picked = {
        (image.group.value, int(image.candidate.image)) for image in pick(candidates, CUT, REVIEWED, seed=seed).new
    }
    lots = np.array([lot(candidate.image, seed) for candidate in candidates])
    if picked != {(group, image) for group, images in drawn(confidences, lots).items() for image in images.tolist()}:
        raise SystemExit("images are not drawn as they are picked")


def reviewed(true: NDArray[np.bool_], confidences: NDArray[np.float64], seed: int) -> LabelEstimate:
    lots = np.random.default_rng([seed, 1]).random(IMAGES)
    near = np.abs(confidences - 50) <= CUT.band
    whole = {
        "near": near.sum(),
        "defect": (~near & (confidences >= 50)).sum(),
        "rest": (~near & (confidences < 50)).sum(),
    }
    defect, nothing = frozenset({"defect"}), frozenset[str]()
    (estimate,) = estimates(
        (
            Weighed(
                group,
                len(images) / int(whole[group]),
                defect if confidences[image] >= 50 else nothing,
                defect if true[image] else nothing,
            )
            for group, images in drawn(confidences, lots).items()
            for image in images
        ),
        seed=seed,
    )
    return estimate


def productions(worlds: int, named: str, kind: Kind) -> None:
    held: dict[str, list[bool]] = {"precision": [], "recall": []}
    wrong: dict[str, list[float]] = {"precision": [], "recall": [], "nearest": []}
    first = FRESH + APART * list(KINDS).index(named)
    for seed in range(first, first + worlds):
        true, confidences = world(seed, kind)
        if seed == first:
            check(confidences, seed)
        predicted = confidences >= 50
        hits = float((predicted & true).sum())
        truth = {"precision": hits / predicted.sum(), "recall": hits / true.sum()}
        estimate = reviewed(true, confidences, seed)
        for name in truth:
            figure: Figure = getattr(estimate, name)
            held[name].append(figure.low <= truth[name] <= figure.high)
            wrong[name].append(figure.value - truth[name])
        nearest = np.argsort(np.abs(confidences - 50))[:REVIEWED]
        wrong["nearest"].append((predicted & true)[nearest].sum() / predicted[nearest].sum() - truth["precision"])
    error = {name: float(np.sqrt(np.mean(np.square(errors)))) for name, errors in wrong.items()}
    note(
        Row(
            f"precision in production, {REVIEWED} of {IMAGES:,} images reviewed{named}",
            "the nearest to the threshold, unweighted",
            f"{error['precision'] / error['nearest']:.2f}",
            f"rmse {error['precision']:.3f}; nearest {error['nearest']:.3f}",
            worlds,
        )
    )
    note(
        Row(
            f"intervals of production that hold the truth{named}",
            figure=f"precision {100 * np.mean(held['precision']):.1f} %, recall {100 * np.mean(held['recall']):.1f} %; "
            f"rmse of recall {error['recall']:.3f}",
            runs=worlds,
        )
    )


def flipped(dataset: Dataset, seed: int) -> tuple[Dataset, set[str]]:
    """The dataset with some labels exchanged for another, and the names of those images."""
    rng = np.random.default_rng(seed)
    labels = sorted({record.labels[0] for record in dataset.records})
    chosen = set(rng.choice(len(dataset.records), round(FLIPPED * len(dataset.records)), replace=False).tolist())
    records = [
        replace(record, labels=(str(rng.choice([label for label in labels if label != record.labels[0]])),))
        if number in chosen
        else record
        for number, record in enumerate(dataset.records)
    ]
    return replace(dataset, records=tuple(records)), {records[number].name for number in chosen}


def wrong_labels() -> None:
    shares = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(SETS):
            make_samples(Path(folder) / str(seed), images=A_LABEL, seed=seed)
            dataset, names = flipped(load_dataset(Path(folder) / str(seed)), seed)
            first = suspects(dataset, UNWATCHED)[: round(SHOWN * len(dataset.records))]
            shares.append(len(names & {suspect.name for suspect in first}) / len(names))
    note(
        Row(
            f"wrong labels, {100 * FLIPPED:.0f} %, among the first {100 * SHOWN:.0f} % shown, of sample images",
            figure=f"{100 * np.mean(shares):.0f} %, at least {100 * min(shares):.0f} %",
            runs=SETS,
        )
    )


def kills(times: int) -> None:
    """Kills the page's command while answers are sent to it, and looks for those that it had confirmed."""
    lost = doubled = confirmed = 0
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "image.jpg").write_bytes(b"")
        tasks = [
            Task(f"i#{number}:0", f"{number}.jpg", str(folder / "image.jpg"), "", (DetectedLabel("defect", 1.0),), (),
                 Group.REST, Stratum.RANDOM, 1.0, datetime.now(UTC))
            for number in range(100_000)
        ]  # fmt: skip
        add_tasks(folder / "review", tasks[: 50 * times])
        told: set[str] = set()
        for _ in range(times):
            told |= killed(folder, float(rng.uniform(0.05, 0.5)))
        kept = [line["image"] for _, line in journal.read(folder / "review" / "answers.jsonl")]
        lost, doubled, confirmed = len(told - set(kept)), len(kept) - len(set(kept)), len(told)
    note(
        Row(
            "the page of a review killed while it is answered",
            figure=f"{lost} answers lost and {doubled} doubled, of {confirmed:,} that were confirmed",
            runs=times,
        )
    )


def killed(folder: Path, after: float) -> set[str]:
    """Images whose answers were confirmed until the command was killed, so many seconds after the first."""
    words = ["review", "page", "--in", "review", "--person", "ada", "--output", "json"]
    command = [sys.executable, "-m", "customlabels.cli.main", *words]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while lines[-1].rstrip() != "}":
            lines.append(process.stdout.readline())
        parts = urlsplit(json.loads("".join(lines))["address"])
        asking = {"Authorization": f"Bearer {parts.fragment}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        connection.request("GET", "/api/work", headers=asking)
        items = json.loads(connection.getresponse().read())["items"]
        told: set[str] = set()
        timer = threading.Timer(after, process.kill)
        timer.start()
        with contextlib.suppress(OSError, http.client.HTTPException):
            for number, item in enumerate(items):
                connection.request("POST", "/api/answer", json.dumps({"number": number, "labels": ["defect"]}), asking)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    told.add(f"i#{item['name'].removesuffix('.jpg')}:0")
        timer.join()
    return told


if __name__ == "__main__":
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else WORLDS
    for named, kind in KINDS.items():
        productions(worlds, named, kind)
    wrong_labels()
    kills(int(sys.argv[2]) if len(sys.argv) > 2 else KILLS)
