"""Which images a task of Label Studio is about, and which of them a result."""

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from customlabels.datasets.files import is_image, walk

_UPLOADED = re.compile(r"[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file."""

_INVALID = re.compile(r"[^-\w.]")
_LAST_NUMBER = re.compile(r"(\d+)\D*$")

Slot = tuple[str, int]
"""A key of a task's data, and which image of it, counted from 0: one key may hold several."""


class Images:
    """The images of the tasks of one export.

    Results name the tag that shows an image (`to_name`), the data has a key an image; the labelling configuration, in
    which the one names the other, is no part of an export.
    """

    def __init__(self, root: Path, tags: Iterable[str | None]) -> None:
        self._root = root
        self._tags = sorted({tag for tag in tags if tag})

    def of(self, data: dict[str, Any], file_upload: str | None) -> dict[Slot, str]:
        """Names of a task's images below the root, or their addresses in S3, without those that nothing is drawn on."""
        images = {key: names for key, value in data.items() if (names := self._names(key, value))}
        if not images:
            return {("", 0): file_upload} if file_upload else {}
        keys = {key for tag in self._tags if (key := _key(tag, list(images)))} if len(images) > 1 else set(images)
        if len(self._tags) < 2 and not keys:
            # One tag in the whole export: one image a task.
            keys = {"image" if "image" in images else next(iter(images))}
        return {
            (key, number): name for key in images if not keys or key in keys for number, name in enumerate(images[key])
        }

    def slot(self, tag: str | None, number: int | None, slots: dict[Slot, str]) -> Slot | None:
        """Which image a result is on; None where that cannot be told."""
        keys = list(dict.fromkeys(key for key, _ in slots))
        key = keys[0] if len(keys) == 1 else _key(tag or "", keys)
        slot = (key, number or 0) if key is not None else None
        return slot if slot in slots else None

    @cached_property
    def _by_valid_name(self) -> dict[str, list[str]]:
        """Images below the root by what an upload makes of their names, which is what Django's get_valid_name does."""
        images: dict[str, list[str]] = {}
        for name in walk(self._root):
            if is_image(name):
                base = name.rpartition("/")[2].strip().replace(" ", "_")
                images.setdefault(_INVALID.sub("", base), []).append(name)
        return images

    def _names(self, key: str, value: Any) -> list[str]:
        addresses = value if isinstance(value, list) else [value]
        named = key == "image" or all(isinstance(address, str) and _is_image(address) for address in addresses)
        if not named or not addresses or not all(isinstance(address, str) and address for address in addresses):
            return []
        return [self._name(address) for address in addresses]

    def _name(self, address: str) -> str:
        """An image's name below the root, out of an address, a path of an upload, or a local file."""
        if address.startswith("s3://"):
            return address
        parts = urlsplit(address)
        path = (_served(address) or unquote(parts.path)).lstrip("/")
        base = PurePosixPath(path).name
        uploaded = "data/upload/" in f"/{path}"
        if uploaded and _UPLOADED.match(base) and not (self._root / base).is_file():
            bare = base[9:]
            alike = [] if (self._root / bare).is_file() else self._by_valid_name.get(bare, [])
            return alike[0] if len(alike) == 1 else bare
        return base if uploaded or parts.netloc else path


def _key(tag: str, keys: list[str]) -> str | None:
    """The key of the data that a tag shows: of the same name, or else the one with the same number in it."""
    if tag in keys:
        return tag
    number = _LAST_NUMBER.search(tag)
    alike = [key for key in keys if number and (other := _LAST_NUMBER.search(key)) and other[1] == number[1]]
    return alike[0] if len(alike) == 1 else None


def _is_image(address: str) -> bool:
    return is_image(_served(address) or urlsplit(address).path)


def _served(address: str) -> str | None:
    """The path of a file that Label Studio serves out of a local folder."""
    query = urlsplit(address).query
    return parse_qs(query).get("d", [None])[0] if "d=" in query else None
