"""Manifests from Python: checked as the service would."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import SettingsError

if TYPE_CHECKING:
    from customlabels.manifests.images import Look
    from customlabels.manifests.report import Report
    from customlabels.session.session import Session


def validate(
    session: "Session", manifest: str | Path, test: str | Path | None = None, *, images: str | Path | None = None
) -> "Report":
    """What the dataset import and the training would find in a manifest, with the service's own codes."""
    from customlabels.manifests.report import validate
    from customlabels.pipelines.training.sources import local_file

    with ExitStack() as stack:
        files = [str(file) for file in (manifest, test) if file]
        opened = [stack.enter_context(local_file(file, lambda: session.clients.s3)) for file in files]
        return validate(opened[0], opened[1] if test else None, look=session.look(images))


def look(session: "Session", images: str | Path | None) -> "Look | None":
    """What looks at the images of manifests: in a folder, or in S3 itself where `images` is s3; None looks at none.

    Raises
    ------
    SettingsError : there is no such folder
    """
    from customlabels.manifests.images import local_images, s3_images

    if images is None:
        return None
    if str(images) in ("s3", "s3:", "s3://"):
        return s3_images(session.clients.s3, session.clients.region)
    if not Path(images).is_dir():
        raise SettingsError(f"--images {images}: no such folder", hint="name a folder, or s3")
    return local_images(Path(images))
