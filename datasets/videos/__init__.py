"""Frames of videos: taken, named by video and time, kept together."""

__all__ = ["containers", "decoding", "extracting", "frame_names", "together"]
