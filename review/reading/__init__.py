"""Answers out of other tools' files: A2I's output, Ground Truth's manifests, Label Studio's exports."""

__all__ = ["files", "given", "label_studio"]
