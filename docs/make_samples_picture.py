"""Makes docs/samples.jpg, the README's picture of the sample images: python docs/make_samples_picture.py"""

import tempfile
from pathlib import Path

from PIL import Image

from customlabels.datasets.samples import LABELS, make_samples

SHOWN, SIZE, GAP = 6, 130, 4


def main() -> None:
    step = SIZE + GAP
    sheet = Image.new("RGB", (SHOWN * step - GAP, len(LABELS) * step - GAP), "white")
    with tempfile.TemporaryDirectory() as name:
        make_samples(Path(name), images=SHOWN)
        for row, label in enumerate(LABELS):
            for column, path in enumerate(sorted((Path(name) / label).iterdir())):
                sheet.paste(Image.open(path).resize((SIZE, SIZE)), (column * step, row * step))
    sheet.save(Path(__file__).parent / "samples.jpg", quality=85)


if __name__ == "__main__":
    main()
