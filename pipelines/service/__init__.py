"""What Custom Labels is: projects, datasets, versions and their states, hosting, detection, copying, the champion."""

__all__ = [
    "arns",
    "champion",
    "copying",
    "detection",
    "detection_drawing",
    "detection_files",
    "general_labels",
    "guard",
    "hosting",
    "image_sources",
    "limits",
    "lost",
    "prelabelling",
    "prelabels",
    "projects",
    "request_rate",
    "running",
    "states",
    "versions",
]
