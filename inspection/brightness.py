"""How bright and how sharp images of production are: by what an analyzer said of them, or by fetching some of each day.

The two measure differently, so that the days that are held against each other are measured by one of them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from customlabels.aws import s3_reading
from customlabels.core.errors import ServiceError
from customlabels.core.threads import in_threads
from customlabels.inspection.drift import Reading
from customlabels.inspection.watching import Image

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 16


def measured_by(
    client: "S3Client", most: int, advance: Callable[[int], None]
) -> Callable[[list[Image]], list[Reading]]:
    """Looks at `most` images of each day, the same whenever it is asked; those that are gone are left as they were."""
    from customlabels.inspection.quality import quality

    def look(image: Image) -> Reading:
        try:
            brightness, sharpness = quality(s3_reading.get(client, image.address))
        except (ServiceError, ValueError):
            return image.reading
        finally:
            advance(1)
        return replace(image.reading, brightness=brightness, sharpness=sharpness)

    def look_at_all(images: list[Image]) -> list[Reading]:
        by_day: dict[date, list[Image]] = defaultdict(list)
        for image in images:
            by_day[image.reading.day].append(image)
        readings: list[Reading] = []
        for several in by_day.values():
            several.sort(key=lambda image: (image.reading.refused, _lot(image.image)))
            readings += in_threads(look, [image for image in several[:most] if not image.reading.refused], _THREADS)
            readings += [image.reading for image in several[:most] if image.reading.refused]
            readings += [image.reading for image in several[most:]]
        return readings

    return look_at_all


def _lot(image: str) -> bytes:
    return hashlib.sha256(image.encode()).digest()
