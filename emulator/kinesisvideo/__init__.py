"""Kinesis Video Streams: streams that play a video of S3, and images of them."""

__all__ = ["streams"]
