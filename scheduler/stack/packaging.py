"""The functions' zip: this package's pure modules, and the time zone that they reckon in; the same bytes every time.

Lambda's runtime need not hold time zones, so the one that counts comes along, from the tzdata package.
"""

import hashlib
import io
import zipfile
from importlib import resources

import customlabels
from customlabels.core.errors import SettingsError

MODULES = (
    "core/__init__.py",
    "core/parameters.py",
    "core/prices.py",
    "scheduler/__init__.py",
    "scheduler/documents.py",
    "scheduler/functions/__init__.py",
    "scheduler/functions/handlers.py",
    "scheduler/functions/observing.py",
    "scheduler/functions/orphans.py",
    "scheduler/functions/telling.py",
    "scheduler/functions/turn.py",
    "scheduler/memory.py",
    "scheduler/plan.py",
    "scheduler/uptime.py",
)
ZONES = "zoneinfo"
"""The zip's folder of time zones, where the handlers look for them."""

_BEGINNING = (1980, 1, 1, 0, 0, 0)


def function_zip(zone: str) -> bytes:
    """The zip of the functions for a schedule in that time zone.

    Raises
    ------
    SettingsError : there is no such zone
    """
    package = resources.files(customlabels)
    files = {f"customlabels/{name}": package.joinpath(name).read_bytes() for name in MODULES}
    files["customlabels/__init__.py"] = f'__version__ = "{customlabels.__version__}"\n'.encode()
    for name in {zone, "UTC"}:
        files[f"{ZONES}/{name}"] = _zone(name)
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


def _zone(name: str) -> bytes:
    place = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not place.is_file():
        raise SettingsError(f"schedule.time_zone: {name!r} is not in the tzdata package")
    return place.read_bytes()
