"""COCO JSON of 50,000 images and 250,000 boxes with polygons made into a manifest: python benchmarks/coco.py

Beside json.load, grouping by image and json.dumps, which is what a script would do. Then ten times the boxes.
"""

import json
import random
import tempfile
from pathlib import Path

from timing import compare, customlabels, peer

IMAGES, BOXES = 50_000, 250_000
PREFIX = "s3://plant-7/photos/"

SCRIPT = f"""
import collections, json, sys
document = json.load(open(sys.argv[1]))
names = {{category["id"]: category["name"] for category in document["categories"]}}
marks = collections.defaultdict(list)
for annotation in document["annotations"]:
    marks[annotation["image_id"]].append(annotation)
shared = {{"type": "groundtruth/object-detection", "human-annotated": "yes", "job-name": "labeling-job/customlabels",
          "creation-date": "2000-01-01T00:00:00.000000"}}
with open(sys.argv[2], "w") as out:
    for image in document["images"]:
        own = marks[image["id"]]
        size = {{"width": image["width"], "height": image["height"], "depth": 3}}
        boxes = []
        for annotation in own:
            left, top, width, height = annotation["bbox"]
            boxes.append({{"class_id": annotation["category_id"], "left": round(left), "top": round(top),
                          "width": round(left + width) - round(left), "height": round(top + height) - round(top)}})
        metadata = {{"objects": [{{"confidence": 1}}] * len(own),
                    "class-map": {{str(mark["category_id"]): names[mark["category_id"]] for mark in own}}, **shared}}
        line = {{"source-ref": "{PREFIX}" + image["file_name"],
                "boxes": {{"image_size": [size], "annotations": boxes}}, "boxes-metadata": metadata}}
        out.write(json.dumps(line) + "\\n")
"""


def write(path: Path, images: int, boxes: int) -> None:
    choose = random.Random(0)
    document = {
        "images": [
            {"id": number, "file_name": f"{number:08}.jpg", "width": 640, "height": 480} for number in range(images)
        ],
        "categories": [{"id": number, "name": f"class-{number}"} for number in range(80)],
        "annotations": [
            {
                "id": number,
                "image_id": number % images,
                "category_id": choose.randrange(80),
                "bbox": [round(choose.uniform(0, 500), 2), round(choose.uniform(0, 400), 2), 80.5, 60.25],
                "area": 4850.1,
                "iscrowd": 0,
                "segmentation": [[round(choose.uniform(0, 400), 2) for _ in range(12)]],
            }
            for number in range(boxes)
        ],
    }
    path.write_text(json.dumps(document))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, tenth = Path(folder, "small.json"), Path(folder, "tenth.json")
        write(small, IMAGES, BOXES)
        write(tenth, IMAGES // 10, BOXES // 10)

        def ours(source: Path) -> list[str]:
            target = source.with_suffix(".manifest")
            return customlabels("-q", "manifest", "build", source, "--s3-images", PREFIX, "--to", target)

        script = peer("python", "-c", SCRIPT, small, Path(folder, "script"))
        size = f"{small.stat().st_size / 1e6:.0f} MB"
        compare(f"manifest build, COCO of {BOXES:,} boxes, {size}", ours(small), {"json and grouping": script})
        compare("the same with ten times the boxes", ours(small), {"once the boxes": ours(tenth)}, rounds=3)


if __name__ == "__main__":
    main()
