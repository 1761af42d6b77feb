"""What a version says of a dataset's images that it was tested on, and which of it is wrong, in words."""

from collections import defaultdict
from pathlib import PurePosixPath

from customlabels.datasets.model import Dataset
from customlabels.pipelines.evaluation.snapshot import Snapshot, TestImage
from customlabels.pipelines.training.run_plan import percent_safe


def by_name(dataset: Dataset, snapshot: Snapshot) -> dict[str, TestImage]:
    """By the name of a dataset's image; those of a snapshot are told by how their addresses end.

    An image of which that leaves several has none.
    """
    by_file: dict[str, list[TestImage]] = defaultdict(list)
    for image in snapshot.images:
        by_file[PurePosixPath(percent_safe(image.source_ref)).name].append(image)
    tested = {}
    for record in dataset.records:
        several = by_file.get(PurePosixPath(percent_safe(record.name)).name, [])
        endings = (f"/{record.name}", f"/{percent_safe(record.name)}")
        ending = [image for image in several if image.source_ref.endswith(endings)]
        if len(ending) == 1:
            tested[record.name] = ending[0]
    return tested


def mistakes_on(dataset: Dataset, snapshot: Snapshot) -> dict[str, str]:
    """What is wrong with what a version said, by the name of a dataset's image."""
    sentences = {name: mistake(image) for name, image in by_name(dataset, snapshot).items()}
    return {name: sentence for name, sentence in sentences.items() if sentence}


def mistake(image: TestImage) -> str:
    """What is wrong with what was said of an image; empty where nothing is."""
    accepted = [prediction for prediction in image.predictions if prediction.accepted]
    false = sorted({prediction.label for prediction in accepted if not prediction.present})
    hits = {prediction.label for prediction in accepted if prediction.present}
    missed = sorted({truth.label for truth in image.truth} - hits)
    parts = [f"{what} {', '.join(labels)}" for what, labels in (("says", false), ("misses", missed)) if labels]
    return "; ".join(parts)
