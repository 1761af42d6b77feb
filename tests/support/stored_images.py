"""Images put where a local service keeps its objects, without a service."""

from collections.abc import Mapping
from pathlib import Path

from customlabels.emulator.s3 import bodies
from customlabels.emulator.server.store import ObjectRow, Store


def store_images(state: Path, bucket: str, images: Mapping[str, bytes]) -> None:
    """Keeps `images`, by their keys, in a state that no service has."""
    store = Store(state)
    with store.transaction():
        for key, content in images.items():
            body = bodies.write(state, content)
            store.replace_object(bucket, key, [ObjectRow(body.name, body.size, "{}", b"")])
    store.close()
