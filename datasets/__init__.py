"""Layouts of labelled images, read into one neutral type."""

__all__ = [
    "accounting",
    "boxes",
    "conversion",
    "duplicates",
    "evidence",
    "files",
    "headers",
    "layout",
    "limits",
    "model",
    "probe",
    "reading",
    "samples",
    "showing",
    "split",
    "spots",
    "structure",
    "summary",
    "texts",
]
