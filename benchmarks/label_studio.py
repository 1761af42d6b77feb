"""A Label Studio export of 55 MB, most of it brush strokes, made into a manifest: python benchmarks/label_studio.py

Beside json.load and the boxes written with json.dumps, which is what a script would do. Then four times the tasks.
"""

import json
import random
import tempfile
from pathlib import Path

from timing import compare, customlabels, peer

TASKS, STROKES, RUN = 2_000, 2, 4_000
"""Strokes a task, and numbers a stroke."""

SCRIPT = """
import json, sys
tasks = json.load(open(sys.argv[1]))
shared = {"type": "groundtruth/object-detection", "human-annotated": "yes", "job-name": "labeling-job/customlabels",
          "creation-date": "2000-01-01T00:00:00.000000"}
with open(sys.argv[2], "w") as out:
    for task in tasks:
        boxes, classes, size = [], {}, None
        for result in task["annotations"][0]["result"]:
            if result["type"] != "rectanglelabels":
                continue
            value, width, height = result["value"], result["original_width"], result["original_height"]
            size = {"width": width, "height": height, "depth": 3}
            number = classes.setdefault(value["rectanglelabels"][0], len(classes))
            boxes.append({"class_id": number, "left": round(value["x"] * width / 100),
                          "top": round(value["y"] * height / 100), "width": round(value["width"] * width / 100),
                          "height": round(value["height"] * height / 100)})
        metadata = {"objects": [{"confidence": 1}] * len(boxes),
                    "class-map": {str(number): label for label, number in classes.items()}, **shared}
        line = {"source-ref": task["data"]["image"], "boxes": {"image_size": [size], "annotations": boxes},
                "boxes-metadata": metadata}
        out.write(json.dumps(line) + "\\n")
"""


def write(path: Path, tasks: int) -> None:
    choose = random.Random(0)

    def results(number: int) -> list[dict[str, object]]:
        sized = {"original_width": 640, "original_height": 480, "image_rotation": 0, "to_name": "image"}
        shape = {"x": choose.uniform(0, 60), "y": choose.uniform(0, 60), "width": 20.5, "height": 15.25, "rotation": 0}
        box = {"id": f"b{number}", "type": "rectanglelabels", "value": shape | {"rectanglelabels": ["crack"]}, **sized}
        strokes = [
            {
                "id": f"s{number}-{stroke}",
                "type": "brushlabels",
                "value": {"format": "rle", "rle": list(choose.randbytes(RUN)), "brushlabels": ["stain"]},
                **sized,
            }
            for stroke in range(STROKES)
        ]
        return [box, *strokes]

    document = [
        {
            "id": number,
            "data": {"image": f"s3://plant-7/photos/{number:06}.jpg"},
            "annotations": [{"id": number, "result": results(number), "was_cancelled": False}],
            "predictions": [],
        }
        for number in range(tasks)
    ]
    path.write_text(json.dumps(document, separators=(",", ":")))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.json"), Path(folder, "large.json")
        write(small, TASKS)
        write(large, 4 * TASKS)

        def ours(source: Path) -> list[str]:
            target = source.with_suffix(".manifest")
            return customlabels("-q", "manifest", "build", source, "--s3-images", "s3://plant-7/", "--to", target)

        script = peer("python", "-c", SCRIPT, small, Path(folder, "script"))
        size = f"{small.stat().st_size / 1e6:.0f} MB"
        compare(f"manifest build, Label Studio, {size} with brush strokes", ours(small), {"json and a loop": script})
        compare("the same with four times the tasks", ours(large), {"once the tasks": ours(small)}, rounds=3)


if __name__ == "__main__":
    main()
