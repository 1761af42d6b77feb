"""Toolkit for teams that train Amazon Rekognition Custom Labels models."""

__version__ = "0.1.0"
