"""How bright and how sharp images of production are, as the analyzer `properties` said: nothing is fetched."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from customlabels.inspection import analysing, records
from customlabels.inspection.analyzers import ANALYZERS
from customlabels.inspection.claims import State, Table
from customlabels.inspection.drift import Reading
from customlabels.inspection.stored_items import stored_items
from customlabels.inspection.watching import Image

_PROPERTIES = ANALYZERS["properties"]


def told_by(table: Table) -> Callable[[list[Image]], list[Reading]]:
    """Tells of images what the results table has of them.

    Only what the model of the last answer said counts: another one may measure otherwise, and that would be no change
    of the images.
    """

    def tell(images: list[Image]) -> list[Reading]:
        version = analysing.Versions(table).of(_PROPERTIES)
        if version == analysing.UNKNOWN:
            return [image.reading for image in images]
        keys = {image.image: records.analysis_key(image.image, version, _PROPERTIES.name) for image in images}
        figures = {
            item["pk"]: analysing.read(item, version).figures
            for item in stored_items(table, list(keys.values()))
            if item["state"] == State.DONE
        }
        return [_with(image, figures.get(image.image, {})) for image in images]

    return tell


def _with(image: Image, figures: Mapping[str, float]) -> Reading:
    if not figures:
        return image.reading
    return replace(image.reading, brightness=figures.get("brightness"), sharpness=figures.get("sharpness"))
