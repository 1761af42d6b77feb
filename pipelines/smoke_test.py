"""A smoke test: a few images whose labels are known, shown to the running version before it is promoted."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.service.detection import detect
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description, version_name

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


def smoke_test(
    rekognition: "RekognitionClient", version: Description, folder: Path, advance: Callable[[int], None]
) -> list[str]:
    """A sentence for each image that the version gets wrong; none where it gets all right.

    Raises
    ------
    ServiceError : the version is not running, or the folder holds no labelled image
    LayoutError : the folder cannot be read
    """
    if version["Status"] != State.RUNNING:
        raise ServiceError(
            f"version {version_name(version)} is {version['Status']}; a smoke test shows images to the running version",
            hint=f"customlabels model start {version_name(version)} (an inference unit costs $4 an hour)",
        )
    golden = load_dataset(folder, "folder")
    if not golden.records:
        raise ServiceError(f"{folder}: holds no labelled image to test with", hint="a folder a label, as for training")
    truth = {record.name: set(record.labels) for record in golden.records}
    images = [(record.name, record.path) for record in golden.records]
    wrong = []
    for detection in detect(rekognition, version["ProjectVersionArn"], images, advance=advance):
        labels = {label.label for label in detection.labels}
        if detection.error is not None:
            wrong.append(f"{detection.name}: {detection.error}")
        elif labels != truth[detection.name]:
            wanted, shown = (", ".join(sorted(names)) or "nothing" for names in (truth[detection.name], labels))
            wrong.append(f"{detection.name} is {wanted}, the version says {shown}")
    return wrong
