"""Zips of code for AWS: the same bytes of the same files every time, so that their digest tells of changes."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from importlib import resources

import customlabels

_BEGINNING = (1980, 1, 1, 0, 0, 0)


def package_files(modules: Iterable[str]) -> dict[str, bytes]:
    """Modules of this package by their place in a zip; its `__init__.py` there is empty.

    The version would make another zip of each commit, though no module that runs had changed.

    Parameters
    ----------
    modules : paths below the package, as core/s3.py
    """
    package = resources.files(customlabels)
    files = {f"customlabels/{name}": package.joinpath(name).read_bytes() for name in modules}
    files["customlabels/__init__.py"] = b""
    return files


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The zip of files by name."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return body.getvalue()


def digest(body: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()
