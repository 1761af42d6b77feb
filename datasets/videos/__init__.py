"""Frames of videos: taken, named by video and time, kept together."""

__all__ = [
    "archived",
    "blurring",
    "containers",
    "course",
    "decoding",
    "encoding",
    "extracting",
    "frame_names",
    "streams",
    "together",
]
