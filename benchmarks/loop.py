"""What reviewed images are worth, and what labelling ahead saves: python benchmarks/loop.py [TILES [SEEDS [AHEAD]]]

A model of the local engine is learnt from 24 images, and from 100 more after each round that people label: once those
that `review pick` chooses by what the model says of them, of images that look the same one, once 100 at random, and
once as many of each label as one would choose who knew them all, which bounds what choosing by labels can bring. F1 is
that of an untouched test set, a mean over labels, with the best thresholds there, as in the service. On images that
`customlabels sample` makes, in which two of three have no defect; and on photographs of magnetic tiles, where TILES is
their folder (magnetic_tile.py tells of them).

Then sample images with boxes are labelled ahead by a model that was trained on others, and corrected in the page by a
person who knows the truth: twelve at once are confirmed but for those that are wrong, which are corrected one by one.
Beside it the same images labelled from nothing; both make a dataset. An action is a key, a
click or a drag, as the page counts them. A box counts as right where it overlaps the true one by half. AHEAD times,
with other images each time.
"""

import json
import statistics
import sys
import tempfile
from collections import Counter
from enum import StrEnum
from pathlib import Path

import numpy as np
from magnetic_tile import Described, chosen, described, macro_f1, tiles
from numpy.typing import NDArray
from rows import Row, note

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.browser import Tab, browser
from support.local_services import QUICK
from support.shells import Shell

from customlabels.datasets.boxes import overlap
from customlabels.datasets.duplicates import near_duplicates
from customlabels.datasets.samples import make_samples
from customlabels.emulator.engine import classifier, features
from customlabels.emulator.server import address
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.agreement import matched
from customlabels.review.answers import Region, read_answers
from customlabels.review.images import MAX_DISTANCE, keys_of, records_of, regions_of
from customlabels.review.pick import Candidate, Cut, Shares, Thresholds, pick

SEEDS, FIRST, A_ROUND, ROUNDS = 6, 24, 100, 4
TESTED, GOOD, BAD = 40, 260, 40
"""Sample images a label: tested, in the pool without a defect, and in the pool with each."""

AT_ONCE, KEYS = 12, "1234567890as"
TRAINED, AHEAD, TIMES = 80, 15, 3
"""Sample images a label: that a model is trained on, and that are labelled ahead; and how often with other images."""

Alike = list[tuple[int, ...]]
"""Numbers of images that look the same."""


def alike(folder: Path, names: list[str]) -> Alike:
    """As `review pick` has them, of which it asks about one."""
    numbers = {str(folder / name): number for number, name in enumerate(names)}
    groups = near_duplicates(records_of([folder / name for name in names]), lambda: None, MAX_DISTANCE)
    return [tuple(numbers[record.name] for record in group.records) for group in groups]


def samples() -> tuple[Described, Alike, NDArray[np.bool_], str]:
    """Sample images, those that look the same, which are tested, and the label that says that nothing is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "all"
        make_samples(root, images=TESTED + GOOD)
        for path in root.glob("*/*.jpg"):
            if path.parent.name != "ok" and number(path.name) > TESTED + BAD:
                path.unlink()
        images = described(root, features.describer())
        same = alike(root, images.names)
    return images, same, np.array([number(name) <= TESTED for name in images.names]), "ok"


def number(name: str) -> int:
    return int(Path(name).stem.rpartition("-")[2])


def begun(truth: NDArray[np.bool_], pool: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    """The first images: two of each label, the others at random."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(pool)
    two = [place for label in range(truth.shape[1]) for place in shuffled[truth[shuffled, label]][:2]]
    rest = [place for place in shuffled if place not in set(two)]
    return np.array([*two, *rest[: FIRST - len(two)]])


class Way(StrEnum):
    """How the images of a round are chosen."""

    PICKED = "picked"
    BALANCED = "as many of each label, by one who knows them"
    RANDOM = "as many at random"


def rounds(
    images: Described, same: Alike, test: NDArray[np.bool_], ok: str, labels: list[str], seed: int, way: Way
) -> list[float]:
    """F1 after each round."""
    pool = np.flatnonzero(~test)
    train = np.zeros(len(test), bool)
    train[begun(images.truth, pool, seed)] = True
    figures = [macro_f1(images, train, test)[0]]
    for turn in range(ROUNDS):
        left = pool[~train[pool]]
        if len(left) < A_ROUND:
            break
        shuffled = np.random.default_rng(1000 * seed + turn).permutation(left)
        match way:
            case Way.PICKED:
                chosen_ = picked_by(images, same, train, left, ok, labels, seed, figures[-1])
            case Way.BALANCED:
                chosen_ = balanced(images.truth, shuffled)
            case Way.RANDOM:
                chosen_ = list(shuffled[:A_ROUND])
        train[chosen_] = True
        figures.append(macro_f1(images, train, test)[0])
    return figures


def picked_by(
    images: Described,
    same: Alike,
    train: NDArray[np.bool_],
    left: NDArray[np.intp],
    ok: str,
    labels: list[str],
    seed: int,
    f1: float,
) -> list[int]:
    """Those of `left` that `review pick` chooses by what a model of `train`, of that F1, says of them."""
    model = classifier.fit(images.rows[train], images.truth[train], labels, 0, features.weights(images.by))
    scores = classifier.confidences(model, images.rows[left])
    candidates = [
        Candidate(str(place), "", "", tuple(map(DetectedLabel, labels, (100 * row).tolist())))
        for place, row in zip(left, scores, strict=True)
    ]
    here = set(left.tolist())
    groups = [[str(place) for place in group if place in here] for group in same]
    cut, shares = Cut(Thresholds(50.0), frozenset({ok})), Shares.by(f1)
    picked = pick(candidates, cut, A_ROUND, alike=groups, shares=shares, seed=seed).new
    return [int(image.candidate.image) for image in picked]


def balanced(truth: NDArray[np.bool_], shuffled: NDArray[np.intp]) -> list[int]:
    """One of each label in turn, as long as there are any."""
    counts = Counter[int]()
    turns: dict[int, int] = {}
    for place in shuffled.tolist():
        label = int(truth[place].argmax())
        turns[place] = counts[label]
        counts[label] += 1
    return sorted(turns, key=turns.__getitem__)[:A_ROUND]


def compared(
    what: str, images: Described, same: Alike, tests: list[NDArray[np.bool_]], ok: str, labels: list[str]
) -> None:
    ways = {way: [rounds(images, same, test, ok, labels, seed, way) for seed, test in enumerate(tests)] for way in Way}
    at_random = ways.pop(Way.RANDOM)
    for way, figures in ways.items():
        for turn in range(1, min(map(len, [*figures, *at_random]))):
            ours, theirs = ([some[turn] for some in of] for of in (figures, at_random))
            gains = [one - other for one, other in zip(ours, theirs, strict=True)]
            spread = statistics.stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
            note(
                Row(
                    f"F1 on {what} after {turn * A_ROUND} reviewed, {way}",
                    Way.RANDOM,
                    f"{statistics.mean(ours) / statistics.mean(theirs):.3f}",
                    f"{statistics.mean(ours):.3f}; random {statistics.mean(theirs):.3f}; "
                    f"gain {statistics.mean(gains):+.3f} ± {spread:.3f}",
                    len(tests),
                )
            )


def ahead(times: int) -> None:
    """The actions of labelling in the page, ahead and from nothing."""
    counts = [actions(number) for number in range(times)]
    shares = [labelled_ahead / from_nothing for labelled_ahead, from_nothing, _ in counts]
    note(
        Row(
            f"actions of a person in the page, {4 * AHEAD} sample images with boxes, labelled ahead",
            "labelled from nothing",
            f"{statistics.mean(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})",
            "; ".join(
                f"{ahead_} keys, clicks and drags of {nothing}, {seen} images seen rightly"
                for ahead_, nothing, seen in counts
            ),
            times,
        )
    )


def actions(number: int) -> tuple[int, int, int]:
    """Actions on images labelled ahead, and from nothing, and how many images were seen rightly."""
    with tempfile.TemporaryDirectory() as name:
        shell = Shell(Path(name))
        make_samples(shell.folder / "first", images=TRAINED, seed=2 * number + 1)
        make_samples(shell.folder / "more", images=AHEAD, seed=2 * number + 2)
        address.start(shell.state, QUICK)
        try:
            training = shell.start("--local", "train", "first/boxes.json", "--project", "ahead", "-q")
            _, errors = training.communicate()
            if training.returncode:
                raise SystemExit(errors)
            words = ["dataset", "prelabel", "more", "--project", "ahead", "--to", "seen", "--start", "--yes", "-q"]
            shell.run("--local", *words)
        finally:
            address.stop(shell.state)
        dataset = load_dataset(shell.folder / "more" / "boxes.json", "coco")
        paths = sorted((shell.folder / "more").rglob("*.jpg"))
        by_path = {record.path: regions_of(record) or () for record in dataset.records}
        keys = keys_of(paths)
        truth = {key: by_path.get(path, ()) for key, path in zip(keys, paths, strict=True)}
        counts, seen = {}, 0
        with browser(shell.folder) as tab:
            for way, blind in (("ahead", ()), ("nothing", ("--blind",))):
                pick_words = ["review", "pick", "seen/seen.jsonl", "--in", way, "--threshold", "0", "--not-alike"]
                shell.run(*pick_words, "--count", str(len(keys)), "--overlap", "0", "-q")
                counts[way], rightly = labelled(tab, shell, way, truth, blind)
                seen = rightly if way == "ahead" else seen
                check(shell.folder / way, truth, len(keys))
        for way in counts:
            shell.run("review", "apply", "--in", way, "--to", f"{way}-set", "-q")
    return counts["ahead"], counts["nothing"], seen


def labelled(
    tab: Tab, shell: Shell, review: str, truth: dict[str, tuple[Region, ...]], more: tuple[str, ...]
) -> tuple[int, int]:
    """How many actions it takes to answer a whole review rightly in the page, and how many images were seen rightly."""
    words = ["review", "page", "--in", review, "--person", "ada", "--boxes", "--output", "json", *more]
    for label in ("crack", "pit", "scratch"):
        words += ["--label", label]
    process = shell.start(*words)
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    while lines[-1].rstrip() != "}":
        lines.append(process.stdout.readline())
    try:
        tab.open(json.loads("".join(lines))["address"])
        work = tab.value(
            "fetch('/api/work', {headers: {Authorization: `Bearer ${location.hash.slice(1)}`}}).then(a => a.json())"
        )
        tasks = [json.loads(line) for line in (shell.folder / review / "picks.jsonl").read_text().splitlines()]
        images = {task["name"]: task["image"] for task in tasks}
        wanted = [truth[images[item["name"]]] for item in work["items"]]
        rest = list(range(len(wanted)))
        if not more:
            rest = confirmed(tab, work["items"], wanted)
        brush = work["labels"][0]
        for place in rest:
            tab.wait(f"document.body.dataset.shown === '{place}'")
            brush = corrected(tab, work["items"][place], wanted[place], work["labels"], brush)
            tab.press("Enter")
        tab.wait("!document.getElementById('over').hidden && document.body.dataset.unsent === '0'")
        return int(tab.value("document.body.dataset.actions")), len(wanted) - len(rest)
    finally:
        process.kill()
        process.wait()


def confirmed(tab: Tab, items: list[dict], wanted: list[tuple[Region, ...]]) -> list[int]:
    """Confirms, twelve at once, what was seen rightly; the numbers of the others."""
    wrong = [place for place, item in enumerate(items) if not seen_rightly(item, wanted[place])]
    tab.wait("document.body.dataset.shown === '0'")
    tab.press("g")
    for first in range(0, len(items), AT_ONCE):
        some = list(range(first, min(len(items), first + AT_ONCE)))
        tab.wait(f"document.body.dataset.sheet === '{' '.join(map(str, some))}'")
        tab.press(*(KEYS[place - first] for place in some if place in wrong), "Enter")
    return wrong


def seen_rightly(item: dict, truth: tuple[Region, ...]) -> bool:
    boxes = boxes_of(item)
    return len(boxes) == len(truth) == len(matched(boxes, truth))


def boxes_of(item: dict) -> list[Region]:
    """Those that the page shows of itself."""
    return [Region(seen["label"], *seen["box"]) for seen in item["seen"] if seen["counts"] and seen["box"] is not None]


def check(review: Path, truth: dict[str, tuple[Region, ...]], count: int) -> None:
    """Sees that every answer is the truth."""
    answers = read_answers(review)
    for answer in answers:
        boxes = answer.boxes or ()
        if not len(boxes) == len(truth[answer.image]) == len(matched(boxes, truth[answer.image])):
            raise SystemExit(f"{review}: an answer is wrong: {answer}")
    if len(answers) != count:
        raise SystemExit(f"{review}: {len(answers)} answers of {count}")


def corrected(tab: Tab, item: dict, truth: tuple[Region, ...], labels: list[str], brush: str) -> str:
    """Makes the boxes on the page those that are true, as a person does; the label that is chosen then.

    A box that lies beside its object is drawn anew, one that has another's label is given its own, those around nothing
    are taken away, and what was missed is drawn.
    """
    area = tab.value("(({x, y, width, height}) => [x, y, width, height])(canvas.getBoundingClientRect())")
    side = min(area[2], area[3])
    left, top = area[0] + (area[2] - side) / 2, area[1] + (area[3] - side) / 2

    def draw(box: Region, *, anew: bool = False) -> None:
        tab.drag(
            (left + box.left * side, top + box.top * side),
            (left + (box.left + box.width) * side, top + (box.top + box.height) * side),
            shift=anew,
        )

    shown = boxes_of(item)
    pairs = matched(shown, truth)
    right, found = {one for one, _, _ in pairs}, {other for _, other, _ in pairs}
    missed = [box for place, box in enumerate(truth) if place not in found]
    for box in list(missed):
        shares = [overlap(other.rectangle, box.rectangle) for other in shown]
        place = int(np.argmax(shares)) if shares else -1
        if place < 0 or place in right or not shares[place]:
            continue
        draw(box, anew=True)
        if shown[place].label != box.label:
            tab.press(KEYS[labels.index(box.label)])
            brush = box.label
        shown[place] = box
        right.add(place)
        missed.remove(box)
    for place in sorted(set(range(len(shown))) - right, reverse=True):
        tab.click(f"#marks li:nth-child({place + 1}) button:last-child")
    for box in missed:
        draw(box)
        if box.label != brush:
            tab.press(KEYS[labels.index(box.label)])
            brush = box.label
    return brush


def main(folder: Path | None, seeds: int, times: int) -> None:
    if times:
        ahead(times)
    images, same, test, ok = samples()
    compared("sample images", images, same, [test] * seeds, ok, sorted({name.split("/")[0] for name in images.names}))
    if folder is not None:
        photographs = described(folder, features.describer())
        groups = tiles(photographs.names)
        tests = [chosen(photographs.truth, groups, seed) for seed in range(1, seeds + 1)]
        labels = sorted({name.split("/")[0] for name in photographs.names})
        free = next(label for label in labels if label.endswith("Free"))
        compared("magnetic tiles", photographs, alike(folder, photographs.names), tests, free, labels)


if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    main(Path(given[1]) if given.get(1) else None, int(given.get(2, SEEDS)), int(given.get(3, TIMES)))
