"""The functions' zip: this package's pure modules, and the time zone that they reckon in; the same bytes every time.

Lambda's runtime need not hold time zones, so the one that counts comes along, from the tzdata package.
"""

from importlib import resources

from customlabels.core import archives
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
    "scheduler/usage.py",
)
ZONES = "zoneinfo"
"""The zip's folder of time zones, where the handlers look for them."""


def function_zip(zone: str) -> bytes:
    """The zip of the functions for a schedule in that time zone.

    Raises
    ------
    SettingsError : there is no such zone
    """
    files = archives.package_files(MODULES)
    for name in {zone, "UTC"}:
        files[f"{ZONES}/{name}"] = _zone(name)
    return archives.zipped(files)


def _zone(name: str) -> bytes:
    place = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not place.is_file():
        raise SettingsError(f"schedule.time_zone: {name!r} is not in the tzdata package")
    return place.read_bytes()
