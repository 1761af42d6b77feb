"""Manifests that a command is given, here or in S3."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customlabels.core.errors import ManifestError
from customlabels.session import Session


@contextmanager
def opened(session: Session, file: str) -> Iterator[Path]:
    """The path of a manifest; of one in S3 that of a copy, which is gone when the block ends."""
    if file.startswith("s3://"):
        from customlabels.pipelines.training.sources import local_file

        with local_file(file, lambda: session.clients.s3) as path:
            yield path
        return
    path = Path(file)
    if not path.is_file():
        raise ManifestError(f"{file}: no such file")
    yield path
