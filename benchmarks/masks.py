"""400 masks of 1024 by 1024 pixels made into boxes: python benchmarks/masks.py

Beside scikit-image's label and regionprops in a loop, which is what a script would do; and OpenCV's connected
components in the same loop, the least there is to do. Then ten times the masks.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from timing import compare, customlabels, python

MASKS, SIDE, SPOTS = 400, 1024, 6

SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np
from PIL import Image
from skimage.measure import label, regionprops
root = Path(sys.argv[1])
for mask in sorted(root.glob("ground_truth/*/*_mask.png")):
    image = root / "test" / mask.parent.name / mask.name.replace("_mask", "")
    width, height = Image.open(image).size
    spots = regionprops(label(np.asarray(Image.open(mask)) > 127, connectivity=2))
    print(json.dumps({"image": str(image), "size": [width, height], "boxes": [s.bbox for s in spots if s.area >= 9]}))
"""
LEAST = """
import json, sys
from pathlib import Path
import cv2
root = Path(sys.argv[1])
for mask in sorted(root.glob("ground_truth/*/*_mask.png")):
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) // 128)
    print(json.dumps({"image": mask.name, "boxes": stats[1:].tolist()}))
"""


def write(root: Path, masks: int) -> None:
    choose = np.random.default_rng(0)
    for number in range(masks):
        defect = ("cut", "color")[number % 2]
        for folder in ("test", "ground_truth"):
            (root / folder / defect).mkdir(parents=True, exist_ok=True)
        Image.fromarray(photograph(number)).save(root / f"test/{defect}/{number:03}.png")
        pixels = np.zeros((SIDE, SIDE), np.uint8)
        for left, top in choose.integers(0, SIDE - 100, (SPOTS, 2)).tolist():
            pixels[top : top + 80, left : left + 60] = 255
        Image.fromarray(pixels).save(root / f"ground_truth/{defect}/{number:03}_mask.png")


def photograph(number: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """An image unlike all others, of which nobody looks at the pixels."""
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    pixels[number] = 255
    return pixels


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole, tenth = Path(folder, "whole"), Path(folder, "tenth")
        write(whole, MASKS)
        write(tenth, MASKS // 10)

        def ours(source: Path) -> list[str]:
            return customlabels("-q", "dataset", "inspect", source, "--output", "json")

        what = f"dataset inspect, {MASKS} masks of {SIDE}² pixels"
        scripts = {
            "scikit-image, label and regionprops": python(SCRIPT, whole),
            "OpenCV's components alone": python(LEAST, whole),
        }
        compare(what, ours(whole), scripts, rounds=5)
        compare("the same with ten times the masks", ours(whole), {"once the masks": ours(tenth)}, rounds=3)


if __name__ == "__main__":
    main()
