"""What the service takes for training and testing. Source: Custom Labels developer guide, limits.md."""

MIN_SIDE, MAX_SIDE, MAX_ASPECT = 64, 4096, 20
"""Sides of an image in pixels, and the longer over the shorter."""

MAX_BYTES = 15_000_000
"""Of an image that lies in S3 (15 MB, taken as the smaller)."""

MAX_LABEL = 255
"""Characters of a label; the guide says 256, the API's own type 255."""

MAX_LABELS, MAX_BOXES = 50, 50
"""Of an image."""

SHRUNK_SIDE = 1280
"""Images with a longer side are shrunk to this one before a training; boxes must stay over one pixel then."""

MAX_TEST_IMAGES_OF_LABEL = 1000
"""Images of one label in a test dataset."""

MAX_IMAGES = {"train": 250_000, "test": 250_000}
FEWEST = {"train": 28_000, "test": 7_000}
MAX_IMAGES_IN = {"ap-south-1": FEWEST, "eu-west-2": FEWEST}
"""Images of a dataset; in Mumbai and London fewer."""
