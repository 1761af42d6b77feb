"""Layouts of labelled images, a module a format: `read` and, but for a few, `place` and `save`."""

__all__ = [
    "coco",
    "createml",
    "csv_table",
    "custom_vision",
    "cvat",
    "folder",
    "hugging_face",
    "kitti",
    "label_studio",
    "label_studio_regions",
    "labelbox",
    "labelme",
    "mask_pairs",
    "masks",
    "supervisely",
    "vertex",
    "via",
    "voc",
    "yolo",
]
