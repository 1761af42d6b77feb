"""Frames of videos: taken, named by video and time, kept together."""

__all__ = ["blurring", "containers", "decoding", "extracting", "frame_names", "streams", "together"]
