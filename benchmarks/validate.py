"""A manifest of 250,000 lines validated, half of them boxes: python benchmarks/validate.py

Beside a bare loop of orjson.loads over the lines, and beside pydantic and jsonschema, which are told the shape of a
line and look at nothing else. Then four times as many lines.
"""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from timing import compare, customlabels, peer

from customlabels.datasets.model import Box
from customlabels.manifests.lines import entry_line, write_manifest

LINES = 250_000

BARE = """
import orjson, sys
for line in open(sys.argv[1], "rb"):
    orjson.loads(line)
"""
PYDANTIC = """
import sys
from typing import Annotated, Literal
from pydantic import BaseModel, Field, TypeAdapter

Id = Annotated[int, Field(ge=0)]
class Size(BaseModel):
    width: Id; height: Id; depth: Id
class Box(BaseModel):
    class_id: Id; left: Id; top: Id; width: Id; height: Id
class Boxes(BaseModel):
    image_size: list[Size]; annotations: list[Box]
class Sure(BaseModel):
    confidence: float
class Shared(BaseModel):
    type: str
    human: Literal["yes", "no"] = Field(alias="human-annotated")
    created: str = Field(alias="creation-date")
    job: str | None = Field(None, alias="job-name")
class Detection(Shared):
    objects: list[Sure]
    names: dict[str, str] = Field(alias="class-map")
class Classification(Shared):
    name: str = Field(alias="class-name")
    confidence: float
line = TypeAdapter(dict[str, str | int | Boxes | Detection | Classification])
for text in open(sys.argv[1], "rb"):
    line.validate_json(text)
"""
JSONSCHEMA = """
import orjson, sys, jsonschema
whole = {"type": "integer", "minimum": 0}
def table(properties, **more):
    return {"type": "object", "required": list(properties), "properties": properties, **more}
def array(items):
    return {"type": "array", "items": items}
shared = {"type": {"type": "string"}, "human-annotated": {"enum": ["yes", "no"]}, "creation-date": {"type": "string"}}
box = table({name: whole for name in ("class_id", "left", "top", "width", "height")})
size = table({name: whole for name in ("width", "height", "depth")})
sure = table({"confidence": {"type": "number"}})
names = {"type": "object", "additionalProperties": {"type": "string"}}
schema = {"type": "object", "required": ["source-ref"],
    "properties": {"source-ref": {"type": "string", "pattern": "^s3://"}},
    "patternProperties": {
        "^boxes$|^bounding-box$": table({"image_size": array(size), "annotations": array(box)}),
        "^(boxes|bounding-box)-metadata$": table({"objects": array(sure), "class-map": names, **shared}),
        "^label_[0-9]+$": whole,
        "^label_[0-9]+-metadata$": table({"class-name": {"type": "string"}, **sure["properties"], **shared}),
    }}
check = jsonschema.Draft202012Validator(schema).validate
for text in open(sys.argv[1], "rb"):
    check(orjson.loads(text))
"""


def lines(count: int) -> Iterator[bytes]:
    """Image-level lines with one label or two, and lines with one to five boxes, in turns."""
    choose, labels = random.Random(0), [f"defect-{number}" for number in range(40)]
    ids = {label: number for number, label in enumerate(labels)}
    for number in range(count):
        name = f"s3://plant-7/line-{number % 7}/2026/part_{number:07}.jpg"
        if number % 2:
            yield entry_line(name, tuple(choose.sample(labels, 2 if number % 8 == 1 else 1)))
            continue
        boxes = [
            Box(choose.choice(labels), choose.randrange(500), choose.randrange(400), 90, 60)
            for _ in range(choose.randint(1, 5))
        ]
        yield entry_line(name, (), boxes, (640, 480, 3), class_ids=ids)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.manifest"), Path(folder, "large.manifest")
        write_manifest(small, lines(LINES))
        write_manifest(large, lines(4 * LINES))

        def ours(path: Path) -> list[str]:
            return customlabels("-q", "manifest", "validate", path)

        what = f"manifest validate, {LINES:,} lines, half of them boxes"
        scripts = {"bare orjson.loads": BARE, "pydantic, structure only": PYDANTIC}
        compare(what, ours(small), {name: peer("python", "-c", code, small) for name, code in scripts.items()})
        slow = {"jsonschema, structure only": peer("python", "-c", JSONSCHEMA, small)}
        compare(what, ours(small), slow, rounds=3)
        fails = ["sh", "-c", f"{' '.join(ours(large))}; test $? = 4"]
        compare("the same with four times the lines, too many for an import", fails, {"once": ours(small)}, rounds=3)


if __name__ == "__main__":
    main()
