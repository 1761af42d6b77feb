"""Which images a task of Label Studio is about, and which of them a result."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from customlabels.datasets.files import Finder, is_image, walk
from customlabels.datasets.formats.label_studio_regions import Result
from customlabels.datasets.headers import look

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

    def __init__(self, root: Path, tags: Iterable[str | None], chosen: str | None = None) -> None:
        self._root = root
        self._tags = sorted({tag or "" for tag in tags})
        self._chosen = chosen
        self._by_size: dict[str, str] = {}

    def learn(self, data: dict[str, Any], results: Iterable[Result]) -> None:
        """Learns from a task which tags show which of several keys: where a stated size is that of one image alone."""
        images = self._images(data)
        if len(images) < 2:
            return
        for result in results:
            tag = result.to_name or ""
            if tag in self._by_size or self._key(tag, [*images]) or not isinstance(result.original_width, int):
                continue
            size = {result.original_width, result.original_height}
            fitting = [key for key, names in images.items() if any(self._size(name) == size for name in names)]
            if len(fitting) == 1:
                self._by_size[tag] = fitting[0]

    def of(self, data: dict[str, Any], file_upload: str | None) -> dict[Slot, str]:
        """Names of a task's images below the root, or their addresses in S3, without those that nothing is drawn on.

        Where a tag shows an image of which cannot be told which one it is, all of them.
        """
        images = self._images(data)
        if not images:
            return {("", 0): file_upload} if file_upload else {}
        shown = {self._key(tag, [*images]) for tag in self._tags if tag not in data or tag in images}
        keys = set(images) if len(images) == 1 or None in shown or not shown else shown
        return {(key, number): name for key in images if key in keys for number, name in enumerate(images[key])}

    def unmarked(self, data: dict[str, Any], slots: dict[Slot, str]) -> list[str]:
        """Keys of a task's images that are not among `slots`."""
        return [key for key in self._images(data) if all(key != other for other, _ in slots)]

    def slot(self, tag: str | None, number: int | None, slots: dict[Slot, str]) -> Slot | None:
        """Which image a result is on; None where that cannot be told."""
        keys = list(dict.fromkeys(key for key, _ in slots))
        key = keys[0] if len(keys) == 1 else self._key(tag or "", keys)
        if key is None or (number is None and (key, 1) in slots):
            return None
        return (key, number or 0) if (key, number or 0) in slots else None

    def shows_another(self, tag: str | None, data: dict[str, Any], slots: dict[Slot, str]) -> bool:
        """Whether a tag shows what is no image: a text beside, say."""
        keys = {key for key, _ in slots}
        if not tag or tag in keys:
            return False
        return self.is_other_data(tag, data) or (len(keys) == 1 and keys <= set(self._tags))

    def is_other_data(self, tag: str | None, data: dict[str, Any]) -> bool:
        """Whether a tag is called as a key of the data that holds no image."""
        return tag in data and not self._names(tag, data[tag])

    def _images(self, data: dict[str, Any]) -> dict[str, list[str]]:
        return {key: names for key, value in data.items() if (names := self._names(key, value))}

    def _key(self, tag: str, keys: list[str]) -> str | None:
        """The key of the data that a tag shows; None where that cannot be told."""
        if self._chosen in keys:
            return self._chosen
        key = _key(tag, keys) or self._by_size.get(tag)
        # The short form has no tags.
        return key if key in keys else "image" if not tag and "image" in keys else None

    def _size(self, name: str) -> set[int] | None:
        with suppress(ValueError, OSError):
            info, _ = look(self._finder.find(name))
            return {info.width, info.height}
        return None

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self._root)

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
        named = key == "image" or all(isinstance(address, str) and is_image_address(address) for address in addresses)
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
        return base if uploaded else path


def _key(tag: str, keys: list[str]) -> str | None:
    """The key of the data that a tag shows: of the same name, or else the one with the same number in it."""
    if tag in keys:
        return tag
    number = _LAST_NUMBER.search(tag)
    alike = [key for key in keys if number and (other := _LAST_NUMBER.search(key)) and other[1] == number[1]]
    return alike[0] if len(alike) == 1 else None


def is_image_address(address: str) -> bool:
    """Whether an address, or the path of an upload or a local file, ends as an image does."""
    return is_image(_served(address) or urlsplit(address).path)


def _served(address: str) -> str | None:
    """The path of a file that Label Studio serves out of a local folder."""
    query = urlsplit(address).query
    return parse_qs(query).get("d", [None])[0] if "d=" in query else None
