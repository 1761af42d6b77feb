"""Images of a manifest looked at where they lie in a local folder."""

from pathlib import Path

from customlabels.core.s3 import S3Address
from customlabels.datasets.probe import probe
from customlabels.manifests.entries import Entry
from customlabels.manifests.faults import LINE, Fault


def local_image(folder: Path, image: S3Address) -> Path | None:
    """The file below `folder` that the longest end of the image's key names; None where there is none."""
    parts = image.key.split("/")
    if ".." in parts:
        return None
    for start in range(len(parts)):
        path = folder.joinpath(*parts[start:])
        if path.is_file():
            return path
    return None


def image_fault(folder: Path, entry: Entry) -> Fault | None:
    """What is wrong with the entry's image in `folder`: missing there, or not such that the service takes it."""
    if entry.image is None:
        return None
    path = local_image(folder, entry.image)
    try:
        if path is not None:
            probe(path)
            return None
    except ValueError:
        pass
    return Fault("ERROR_INVALID_IMAGE", LINE)
