"""Ground Truth manifests: one JSON object a line, one image a line."""

__all__ = [
    "building",
    "codes",
    "describing",
    "entries",
    "faults",
    "files",
    "formats",
    "images",
    "layout",
    "lines",
    "merging",
    "remote",
    "repairing",
    "report",
    "results",
    "rewriting",
    "segmentation",
    "validation",
]
