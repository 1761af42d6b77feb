"""The functions' zip: this package's pure modules, and the time zone that they reckon in.

Lambda's runtime need not hold time zones, so the one that counts comes along, from the tzdata package.
"""

from importlib import resources

from customlabels.aws.stacks.packaging import functions_zip
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
    return functions_zip(HANDLERS, {f"{ZONES}/{name}": _zone(name) for name in {zone, "UTC"}})


def _zone(name: str) -> bytes:
    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not path.is_file():
        raise SettingsError(f"schedule.time_zone: {name!r} is not in the tzdata package")
    return path.read_bytes()
