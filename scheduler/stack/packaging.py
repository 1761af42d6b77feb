"""The functions' zip: this package's pure modules, and the time zone that they reckon in; the same bytes every time.

Lambda's runtime need not hold time zones, so the one that counts comes along, from the tzdata package.
"""

from importlib import resources

from customlabels.aws import archives
from customlabels.aws.packaging import package_files
from customlabels.core.errors import SettingsError

HANDLERS = "customlabels.scheduler.functions.handlers"

ZONES = "zoneinfo"
"""The zip's folder of time zones, where the handlers look for them."""


def function_zip(zone: str) -> bytes:
    """The zip of the functions for a schedule in that time zone.

    Raises
    ------
    SettingsError : there is no such zone
    """
    files = package_files([HANDLERS])
    for name in {zone, "UTC"}:
        files[f"{ZONES}/{name}"] = _zone(name)
    return archives.zipped(files)


def _zone(name: str) -> bytes:
    place = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not place.is_file():
        raise SettingsError(f"schedule.time_zone: {name!r} is not in the tzdata package")
    return place.read_bytes()
