"""What Custom Labels is: projects, datasets, versions and their states, hosting, detection, copying, the champion."""

__all__ = [
    "arns",
    "champion",
    "contact_sheet",
    "copying",
    "detection",
    "detection_drawing",
    "detection_files",
    "guard",
    "hosting",
    "image_sources",
    "label_detection",
    "limits",
    "lost",
    "projects",
    "request_rate",
    "running",
    "states",
    "versions",
    "video_detection",
    "video_sources",
]
