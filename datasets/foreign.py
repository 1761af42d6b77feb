"""Files of tools whose formats are not read: known by what they begin with, and told with what to give instead."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_FIRST = 1 << 16
"""Bytes of a file by which it is known."""

_ENDINGS = {".json", ".jsonl", ".ndjson", ".odgt", ".txt"}
_MOST_FILES = 50
_RECORDS = {".tfrecord", ".tfrecords", ".record"}
_EXPORTED = "export COCO from it, which is read"
_TABLED = "make a table of it, image,left,top,width,height,label"


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a file is that is not read, and what a person can do."""

    what: str
    instead: str


_KNOWN: tuple[tuple[tuple[str, ...], Foreign], ...] = (
    (
        (r'"categories"\s*:\s*\{', r'"label"\s*:\s*\{'),
        Foreign("a Datumaro export", "datum convert -f coco makes COCO of it"),
    ),
    ((r'"box2d"\s*:\s*\{',), Foreign("a file of BDD100K's labels", "bdd100k.label.to_coco makes COCO of it")),
    (
        (r'"_cls"\s*:\s*"[A-Z]|"sample_fields"\s*:|\A\{\s*"classes"\s*:\s*(\[[^\]]*\]|null)\s*,\s*"labels"\s*:\s*\{',),
        Foreign("a file of FiftyOne", "export(…, dataset_type=fiftyone.types.COCODetectionDataset) writes COCO"),
    ),
    ((r'"suffix"\s*:', r"<loc_?\d+>"), Foreign("a file for training PaliGemma or Florence", _EXPORTED)),
    (
        (r"(?im)^\S.*\.(jpe?g|png|bmp) (\d+,){4}\d+( (\d+,){4}\d+)*\s*$",),
        Foreign("YOLOv4's list of images and boxes", "export YOLO with a text file an image, or COCO, which are read"),
    ),
    (
        (r"(?im)^\S+\.(jpe?g|png)\r?\n\d+\r?\n\d+ \d+ \d+ \d+",),
        Foreign("a list as WIDER FACE has it", _TABLED),
    ),
    (
        (r'"gtboxes"\s*:',),
        Foreign("a file of CrowdHuman's labels", _TABLED),
    ),
    (
        (r'"imgHeight"\s*:', r'"polygon"\s*:'),
        Foreign("a file of Cityscapes' polygons", "name the folder of its masks with --masks"),
    ),
    (
        (r'"asset"\s*:\s*\{', r'"regions"\s*:'),
        Foreign("a file of VoTT", "export CSV or Pascal VOC from it, which are read"),
    ),
    ((r'"item"\s*:\s*\{', r'"slots"\s*:|"source_info"\s*:'), Foreign("a file of V7 Darwin", _EXPORTED)),
    ((r'"className"\s*:', r'"instances"\s*:'), Foreign("a file of SuperAnnotate", _EXPORTED)),
    ((r'"jsonResponse"\s*:',), Foreign("a file of Kili", _EXPORTED)),
    ((r'"label_classes"\s*:', r'"export_format_version"\s*:'), Foreign("a file of Hasty", _EXPORTED)),
)
"""What the beginning of a file holds, all of it, and what the file is then."""

_TRACKS = Foreign("a list of tracks as MOT Challenge has it", _TABLED)
_OF_ONE_IMAGE = Foreign("an XML file of Pascal VOC, of one image", "name the folder of these files")


def foreign(path: Path) -> Foreign | None:
    """What a file is that is not read; None of others, and of what nobody knows."""
    ending = path.suffix.lower()
    if ending in _RECORDS:
        return Foreign("a file of TensorFlow's records", "write COCO or Pascal VOC in place of them, which are read")
    if ending not in _ENDINGS | {".xml"}:
        return None
    try:
        with path.open("rb") as file:
            text = file.read(_FIRST).decode("utf-8-sig", errors="replace").lstrip()
    except OSError:
        return None
    if path.name.lower() in {"gt.txt", "det.txt"} and re.match(r"\d+(,-?[\d.]+){6,}\s", text):
        return _TRACKS
    if ending == ".xml":
        return _OF_ONE_IMAGE if re.search(r"<annotation\b.*<(object|filename)>", text, re.DOTALL) else None
    return next((tool for marks, tool in _KNOWN if all(re.search(mark, text) for mark in marks)), None)


def first_foreign(source: Path, names: Iterable[str]) -> tuple[str, Foreign] | None:
    """The first file below a folder that is one, of those that may be; of each folder one is looked at."""
    looked: dict[tuple[str, str], str] = {}
    for name in names:
        ending = PurePosixPath(name).suffix.lower()
        if ending in _ENDINGS | _RECORDS:
            looked.setdefault((name.rpartition("/")[0], ending), name)
    for name in [*looked.values()][:_MOST_FILES]:
        if tool := foreign(source / name):
            return name, tool
    return None
